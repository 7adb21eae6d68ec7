"""Commands: a clean environment, a capped output, and a process group that does not outlive its attempt."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from support.nodes import attempts_of
from support.waiting import until

from jobd.engine.children import Children, started


def command(name: str, *argv: str, **more: str) -> str:
    keys = "".join(f"{key} = {value}\n" for key, value in more.items())
    return f"[jobs.{name}]\ncommand = {json.dumps(list(argv))}\n{keys}"


def shell(name: str, line: str, **more: str) -> str:
    return command(name, "sh", "-c", line, **more)


def alive_pid(pid: int) -> bool:
    """Whether that process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def pid_in(path: Path) -> int:
    """The process id that a command writes into `path`."""

    def written() -> int:
        text = path.read_text() if path.exists() else ""
        return int(text) if text.endswith("\n") else 0

    return await until(written)


async def outcome(live, name: str, **args):
    row = await live.until_ended(await live.add(name, **args))
    return row, json.loads(row["result"]) if row["result"] else None


async def test_a_command_tells_its_output_and_its_status(alive):
    async with alive(shell("say", "echo out; echo err >&2")) as live:
        row, result = await outcome(live, "say")
        assert row["state"] == "succeeded"
        assert result == {"status": 0, "stdout": "out\n", "stderr": "err\n"}


async def test_a_status_other_than_zero_is_a_failure_with_the_end_of_what_it_said(alive):
    async with alive(shell("fail", "echo no space left >&2; exit 3")) as live:
        row, _ = await outcome(live, "fail")
        assert row["state"] == "failed" and row["error"] == "CommandFailed: sh: exit status 3: no space left"


async def test_a_command_that_failed_names_its_command_and_place_and_none_of_jobds_lines(alive, store):
    async with alive(shell("fail", "echo no space left >&2; exit 3")) as live:
        run = await live.add("fail")
        await live.until_ended(run)
        (tried,) = await attempts_of(store, run)
        file, line = live.node.config.jobs["fail"].place.rsplit(":", 1)
        assert tried["traceback"] == (
            f'  File "{file}", line {line}, in [jobs.fail]\n'
            '    command = ["sh", "-c", "echo no space left >&2; exit 3"]'
        )
        (group,) = (await store.views.stats.failed(timedelta(hours=1))).groups
        assert group.frame == f"{file}:{line} in [jobs.fail]"


async def test_a_command_that_took_too_long_tells_what_it_said_until_then(alive, store):
    async with alive(shell("slow", "echo waiting for the disk >&2; exec sleep 300", timeout='"300ms"')) as live:
        run = await live.add("slow")
        row = await live.until_ended(run, 12)
        (tried,) = await attempts_of(store, run)
        assert row["error"] == tried["error"] == "took longer than 0.3 s"
        place, command, *said = tried["traceback"].split("\n")
        assert place.endswith("in [jobs.slow]") and "exec sleep 300" in command
        assert said == ["stderr:", "waiting for the disk"]


async def test_a_command_that_was_killed_names_the_signal(alive):
    async with alive(shell("die", "kill -KILL $$")) as live:
        row, _ = await outcome(live, "die")
        assert "killed by SIGKILL" in row["error"]


async def test_a_program_that_does_not_exist_fails_with_its_name(alive):
    async with alive(command("none", "/no/such/program")) as live:
        row, _ = await outcome(live, "none")
        assert row["state"] == "failed" and "/no/such/program cannot be started" in row["error"]


async def test_arguments_reach_the_program_as_they_are_written(alive):
    odd = ["a b", "$(touch /tmp/no)", "`id`", "; exit 9", "'\"\\", "ü\u202e", "-n", "*"]
    async with alive(
        command("argv", "python3", "-c", "import json, sys; print(json.dumps(sys.argv[1:]))", *odd)
    ) as live:
        _, result = await outcome(live, "argv")
        assert json.loads(result["stdout"]) == odd


async def test_the_environment_is_clean_and_holds_the_facts_of_the_run(alive, monkeypatch):
    monkeypatch.setenv("JOBD_DATABASE__URL", "postgresql://user:secret@host/db")
    text = command("env", "python3", "-c", "import json, os; print(json.dumps(dict(os.environ)))", env='{ MINE = "1" }')
    async with alive(text) as live:
        _, result = await outcome(live, "env", user="o'Brien", n=[1])
        found = json.loads(result["stdout"])
        assert json.loads(found["JOBD_ARGS"]) == {"user": "o'Brien", "n": [1]}
        assert (found["MINE"], found["JOBD_JOB"], found["JOBD_ATTEMPT"]) == ("1", "env", "1")
        assert "JOBD_DATABASE__URL" not in found and "PYTEST_CURRENT_TEST" not in found


async def test_endless_output_is_kept_at_both_ends_and_costs_no_memory(alive):
    line = "import sys\nprint('first')\nfor _ in range(400): sys.stdout.write('x' * 65536)\nprint('last')"
    async with alive(command("much", "python3", "-c", line)) as live:
        _, result = await outcome(live, "much")
        assert len(result["stdout"]) < 70_000
        assert result["stdout"].startswith("first\n") and result["stdout"].endswith("last\n")
        assert "bytes left out" in result["stdout"]


async def test_output_that_is_no_text_is_stored(alive):
    async with alive(shell("bytes", r"printf '\377\000\200ok'")) as live:
        row, result = await outcome(live, "bytes")
        assert row["state"] == "succeeded" and result["stdout"].endswith("ok")


async def test_a_command_that_takes_too_long_is_ended_with_its_grandchildren(alive, tmp_path, monkeypatch):
    monkeypatch.setattr("jobd.engine.command.TERM_SECONDS", 0.5)
    child = tmp_path / "child"
    line = f"trap '' TERM; (trap '' TERM; sh -c 'echo $PPID' > {child}; sleep 300) & sleep 300"
    async with alive(shell("slow", line, timeout='"300ms"')) as live:
        run = await live.add("slow")
        grandchild = await pid_in(child)
        row = await live.until_ended(run, 12)
        assert row["error"] == "took longer than 0.3 s"
        assert not alive_pid(grandchild)
        assert list(live.node.home.children.iterdir()) == []


async def test_what_a_command_leaves_behind_is_ended_with_it_even_if_it_holds_its_output(alive, tmp_path):
    child = tmp_path / "child"
    line = f"(sh -c 'echo $PPID' > {child}; exec sleep 300) & while [ ! -s {child} ]; do :; done; echo done"
    async with alive(shell("leaves", line)) as live:
        run = await live.add("leaves")
        grandchild = await pid_in(child)
        row = await live.until_ended(run, 8)
        assert row["state"] == "succeeded" and json.loads(row["result"])["stdout"] == "done\n"
        assert not alive_pid(grandchild)


async def test_a_second_cancel_ends_a_command_at_once_that_ignored_the_first(alive, tmp_path):
    from jobd.engine.context import Stop

    own = tmp_path / "own"
    async with alive(shell("deaf", f"trap '' TERM; echo $$ > {own}; while :; do sleep 1; done")) as live:
        run = await live.add("deaf")
        pid = await pid_in(own)
        live.node.workers.stop(run, Stop.CANCEL)
        await asyncio.sleep(0)
        await until(lambda: live.node.workers.under_way[run].why is Stop.CANCEL)
        assert alive_pid(pid)
        await until(lambda: live.node.workers.stop(run, Stop.CANCEL) is False or not alive_pid(pid), 2)
        row = await live.until_ended(run, 2)
        assert row["state"] == "cancelled" and not alive_pid(pid)


@pytest.fixture
async def group():
    process = await asyncio.create_subprocess_exec("sleep", "300", start_new_session=True)
    yield process
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def test_the_groups_of_an_earlier_boot_are_ended(group, tmp_path):
    Children(tmp_path).add(group.pid)
    assert Children(tmp_path).kill_survivors() == 1
    async with asyncio.timeout(5):
        assert await group.wait() == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []


async def test_a_stranger_with_the_number_of_an_earlier_group_lives(group, tmp_path):
    Children(tmp_path).add(group.pid)
    (tmp_path / str(group.pid)).write_text(str(started(group.pid) - 1))
    assert Children(tmp_path).kill_survivors() == 0
    assert alive_pid(group.pid)


async def test_files_that_are_no_group_do_no_harm(tmp_path):
    (tmp_path / "README").write_text("x")
    (tmp_path / "4194304000").write_text("")
    assert Children(tmp_path).kill_survivors() == 0
