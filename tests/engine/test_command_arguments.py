"""What a caller sends never becomes a command: arguments are data in the environment, and nothing else is inherited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_commands import command, outcome, shell

from jobd.errors import ArgumentsRefused

MARK = "was-run"
ATTACKS = (
    f"; touch {MARK}",
    f"$(touch {MARK})",
    f"`touch {MARK}`",
    f"'; touch {MARK}; '",
    f'"; touch {MARK}; "',
    f"a\ntouch {MARK}\n",
    f"| touch {MARK}",
    f"& touch {MARK} &",
    "--help",
    "-rf /",
    "${IFS}%s%n\\x00",
    "\u202e\x1b]0;owned\x07",
    f"() {{ :; }}; touch {MARK}",
)


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_argument_is_data_even_to_a_shell(alive, tmp_path: Path, attack: str):
    text = shell("show", 'printf %s "$JOBD_ARGS"', cwd=json.dumps(str(tmp_path)))
    async with alive(text) as live:
        row, result = await outcome(live, "show", **{"user": attack, attack: [attack]})
        assert row["state"] == "succeeded"
        assert json.loads(result["stdout"]) == {"user": attack, attack: [attack]}
    assert list(tmp_path.rglob(MARK)) == []


@pytest.mark.parametrize("attack", ["a\x00b", "\x00"])
async def test_what_no_environment_can_hold_is_refused_before_anything_is_stored(alive, attack: str):
    async with alive(shell("show", "true")) as live:
        with pytest.raises(ArgumentsRefused):
            await live.add("show", user=attack)
        assert await live.store.database.fetchval("select count(*) from jobd.runs where job = 'show'") == 0


async def test_a_command_inherits_no_open_file_of_the_daemon(alive):
    """A socket or a connection of ours in a stranger's hands would be ours in its hands."""
    script = """if True:
        import json, os
        numbers = sorted(map(int, os.listdir("/proc/self/fd")))
        print(json.dumps({"numbers": numbers, "streams": [os.readlink(f"/proc/self/fd/{n}") for n in numbers[:3]]}))
    """
    async with alive(command("fds", "python3", "-c", script)) as live:
        _, result = await outcome(live, "fds")
        found = json.loads(result["stdout"])
        assert found["numbers"] == [0, 1, 2, 3], "the third is the directory that was listed"
        assert found["streams"][0] == "/dev/null"
        assert all(stream.startswith("pipe:") for stream in found["streams"][1:])


async def test_a_command_leads_a_session_of_its_own(alive):
    """The terminal of the daemon is none of its, and one signal ends it with all that it started."""
    script = "import os; print(os.getsid(0) == os.getpid() == os.getpgid(0))"
    async with alive(command("session", "python3", "-c", script)) as live:
        _, result = await outcome(live, "session")
        assert result["stdout"].strip() == "True"
