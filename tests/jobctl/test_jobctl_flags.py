"""What every verb takes, and numbers, instants and sockets that make no sense: said before anything is asked."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from pathlib import Path

import pytest
from jobctl_program import ROOT, Jobctl
from serving import SmallDaemon

from jobd import __version__
from jobd.model.run import NewRun


async def test_the_version_is_told_as_other_programs_do(jobctl: Jobctl):
    ran = await jobctl("--version")
    assert (ran.code, ran.out.splitlines()[0]) == (0, f"jobctl {__version__}")
    assert "\njobd " in ran.out, "the one at the socket that was named"


@pytest.mark.parametrize(
    ("words", "usage"),
    [(("help",), "usage: jobctl [-o"), (("help", "runs"), "usage: jobctl runs [-h]"),
     (("help", "queues", "pause"), "usage: jobctl queues pause [-h]")],
)  # fmt: skip
async def test_help_is_a_verb_too(jobctl: Jobctl, words: tuple[str, ...], usage: str):
    ran = await jobctl(*words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(usage)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "-1"), "'-1' is no number"),
        (("show", "0"), "'0' is no number"),
        (("cancel", "12", "x"), "'x' is no number"),
        (("retry", "9" * 30), "is no number that anything has"),
        (("nodes", "quiet", "billing"), "'billing' is no number"),
        (("undo", "1.5"), "'1.5' is no number"),
        (("wait", "1", "--timeout", "nan"), "'nan' is no number of seconds"),
        (("wait", "1", "--timeout", "inf"), "'inf' is no number of seconds"),
        (("wait", "1", "--timeout=-1"), "'-1' is no number of seconds"),
        (("runs", "-n", "0"), "'0' is no whole number"),
        (("queues", "pause", "low", "--until", "2020-01-01"), "--until 2020-01-01 is over"),
        (("schedules", "pause", "x", "--until", "soon"), "--until soon: no instant"),
        (("stat",), '"status"'),
    ],
    ids=" ".join,
)  # fmt: skip
async def test_what_makes_no_sense_is_said_before_anything_is_asked(jobctl: Jobctl, words: tuple[str, ...], told: str):
    ran = await jobctl(*words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


async def test_a_socket_that_is_none_is_called_so(tmp_path: Path):
    (tmp_path / "file").touch()
    for path, what in ((tmp_path, "a directory"), (tmp_path / "file", "a file")):
        ran = await Jobctl(path)("status")
        assert ran.code == 5
        assert f"{path} is {what}, no socket" in ran.err


async def test_a_setting_that_there_is_not_is_no_empty_list(jobctl: Jobctl):
    ran = await jobctl("config", "nosuch.", "-o", "json")
    assert (ran.code, ran.out) == (3, "")
    assert "no setting begins with nosuch." in ran.err


async def test_without_a_daemon_nothing_is_printed_as_done(tmp_path: Path):
    ran = await Jobctl(tmp_path / "jobd.sock")("cancel", "9", "10", "-o", "json")
    assert (ran.code, ran.out) == (5, "")
    assert ran.err.count("jobd is not running") == 1


async def test_runs_until_then_are_listed(jobctl: Jobctl, daemon: SmallDaemon):
    old, new = await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="tidy")])
    await daemon.database.execute("update jobd.runs set created_at = now() - interval '2 h' where id = $1", old)
    assert (await jobctl("runs", "--until", "1h", "-o", "id")).out.split() == [str(old)]
    assert (await jobctl("runs", "--since", "1h", "-o", "id")).out.split() == [str(new)]


async def at_a_terminal(jobctl: Jobctl, *words: str) -> tuple[int, str]:
    """(exit code, what the terminal shows) of jobctl with a terminal at all three ends, at which nobody types."""
    ours, theirs = pty.openpty()
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobd.jobctl.cli", "--socket", str(jobctl.socket), *words,
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    async with asyncio.timeout(20):
        code = await run.wait()
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    return code, shown


async def test_quiet_leaves_hints_out(jobctl: Jobctl, daemon: SmallDaemon):
    code, shown = await at_a_terminal(jobctl, "queues", "pause", "low")
    assert code == 0 and "takes it back" in shown
    code, shown = await at_a_terminal(jobctl, "-q", "queues", "pause", "default")
    assert code == 0 and "takes it back" not in shown


async def test_no_input_asks_nothing_at_a_terminal_either(jobctl: Jobctl, daemon: SmallDaemon):
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    code, shown = await at_a_terminal(jobctl, "runs", "cancel", "--filter", "job:tidy", "--no-input", "--no-color")
    assert code == 2 and "nobody is here to be asked" in shown
    assert (await jobctl("show", str(run), "-o", "json")).code == 0
