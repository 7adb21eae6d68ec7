"""`jobctl runs logs` keeps its word: the command that it names finds the run's lines in a real daemon's log."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import AsyncIterator

import pytest
from jobctl_daemon import Live, living

from jobd.jobctl import logs
from jobd.testing.postgres import fresh_database


@pytest.fixture(params=["text", "json"])
async def daemon(postgres_url: str, tmp_path_factory: pytest.TempPathFactory, request) -> AsyncIterator[Live]:
    """One that logs in this format."""
    directory = tmp_path_factory.mktemp("logs")
    line = f'[daemon]\nlog_format = "{request.param}"\n'
    async with fresh_database(postgres_url) as url, living(directory, url, daemon=line) as live:
        yield live


def found(command: str, log: bytes) -> list[str]:
    """The lines that the command's pattern finds."""
    grep = subprocess.run(["grep", "-E", shlex.split(command)[-1]], input=log, capture_output=True, timeout=20)
    assert grep.returncode in (0, 1), grep.stderr
    return grep.stdout.decode().splitlines()


async def test_the_command_finds_the_lines_of_the_run_and_of_no_other(daemon: Live):
    runs = [(await daemon.jobctl("trigger", "fails", "-o", "id")).out.strip() for _ in range(11)]
    assert (await daemon.jobctl("wait", *runs, "--timeout", "20")).code == 1
    assert (runs[0], runs[9]) == ("1", "10"), "one number begins with the other"
    ran = await daemon.jobctl("runs", "logs", runs[0])
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("error:\n    ") and "broken" in ran.out
    told = (await daemon.jobctl("runs", "logs", runs[0], "--json")).json
    assert told["journal"] in ran.out and f"grep -E '{told['pattern']}' FILE" in ran.out
    assert "broken" in told["error"]
    lines = found(told["journal"], daemon.process.log().encode())
    assert lines and all("run failed" in line for line in lines), lines
    everything = found(told["journal"].replace("1\\b", "[0-9]+\\b"), daemon.process.log().encode())
    assert len(everything) == 11 * len(lines), "the same pattern with any number finds those of all eleven"


async def test_the_output_of_a_command_is_shown(daemon: Live):
    run = (await daemon.jobctl("trigger", "says", "--wait", "-o", "id")).out.strip()
    ran = await daemon.jobctl("runs", "logs", run)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("stdout:\n    3 files\nstderr:\n    one was empty\n")
    told = (await daemon.jobctl("runs", "logs", run, "--json")).json
    assert (told["stdout"], told["stderr"], told["error"]) == ("3 files\n", "one was empty\n", None)


async def test_a_run_that_has_stored_nothing_names_the_command_that_finds_its_lines(daemon: Live):
    run = (await daemon.jobctl("trigger", "nothing", "--wait", "-o", "id")).out.strip()
    ran = await daemon.jobctl("runs", "logs", run)
    assert (ran.code, ran.out) == (1, "")
    assert "has stored no output and no error" in ran.err and "journalctl -u jobd" in ran.err
    assert (await daemon.jobctl("runs", "logs", run, "--json")).error["code"] == "not_kept"


async def test_a_run_that_is_not_there_has_no_log(daemon: Live):
    ran = await daemon.jobctl("runs", "logs", "4711")
    assert (ran.code, ran.out) == (3, "")
    assert "there is no run 4711" in ran.err


@pytest.mark.skipif(shutil.which("journalctl") is None, reason="journalctl is not installed")
def test_journalctl_takes_the_command():
    command = logs.command({"id": 812, "created_at": "2026-11-23T12:00:30Z"})
    assert shlex.split(command)[3:5] == ["--since", "2026-11-23 11:59:30 UTC"]
    taken = subprocess.run([*shlex.split(command), "--no-pager"], capture_output=True, text=True, timeout=20)
    assert "parse" not in taken.stderr and "invalid" not in taken.stderr.lower(), taken.stderr
    bad = subprocess.run(["journalctl", "--grep", "(", "--no-pager"], capture_output=True, text=True, timeout=20)
    assert bad.returncode != 0, "a pattern that it cannot read is refused"


@pytest.mark.parametrize("line", ["x  job=a run=812 attempt=1", '{"job": "a", "run": 812}', "run ended  run=812"])
def test_the_pattern_takes_both_formats_and_no_other_number(line: str):
    assert re.search(logs.pattern(812), line)
    assert not re.search(logs.pattern(81), line) and not re.search(logs.pattern(12), line)
    assert not re.search(logs.pattern(812), line.replace("run=", "rerun=").replace('"run"', '"rerun"'))
