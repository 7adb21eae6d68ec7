"""`jobd check` looks at what is called: each job's function, and the arguments written for it and its schedules."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from jobd.cli import main

CODE = """
async def count(ctx, *, many: int, city: str = ""): ...
async def tick(ctx): ...
async def takes_all(ctx, **more): ...
"""


@pytest.fixture(autouse=True)
def code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JOBD_CONFIG", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "counting_shop", raising=False)
    Path("counting_shop.py").write_text(CODE)


def checked(capsys: pytest.CaptureFixture[str], text: str) -> list[str]:
    """What is wrong, each with its place and help in one line."""
    Path("jobd.toml").write_text(text)
    assert main(["check"]) == 9
    found = []
    for problem in capsys.readouterr().err.split("\n\n")[:-1]:
        lines = problem.splitlines()
        helped = lines[-1] if lines[-1].startswith("help: ") else ""
        found.append(f"{lines[0]} @{lines[1].removeprefix(' --> jobd.toml:')} {helped}".rstrip())
    return found


def test_arguments_that_a_function_does_not_take_are_found_at_their_place(capsys: pytest.CaptureFixture[str]) -> None:
    text = '[jobs.count]\nrun = "counting_shop:count"\nargs = { many = "seven", citty = "x" }\n'
    assert checked(capsys, text) == [
        "error: jobs.count.args.many: must be int, not a string @3:17",
        'error: jobs.count.args.citty: no such argument @3:26 help: did you mean "city"?',
    ]


def test_a_schedule_must_give_what_its_job_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    text = """[jobs.bare]
run = "counting_shop:count"
[jobs.hourly]
run = "counting_shop:count"
every = "1h"
[schedules.lacks]
job = "bare"
every = "1h"
[schedules.wrong]
job = "bare"
every = "1h"
args = { many = 1, city = 3 }
[schedules.right]
job = "bare"
every = "1h"
args = { many = 1 }
"""
    lacks = "many is required (int): neither this schedule nor its job gives it"
    assert checked(capsys, text) == [
        f"error: jobs.hourly.args: {lacks} @3:7 help: args = {{ many = … }}",
        f"error: schedules.lacks.args: {lacks} @6:12 help: args = {{ many = … }}",
        "error: schedules.wrong.args.city: must be str, not a whole number @12:27",
    ]


def test_what_a_trigger_may_still_give_or_a_function_takes_by_any_name_is_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("jobd.toml").write_text(
        '[jobs.bare]\nrun = "counting_shop:count"\n'
        '[jobs.open]\nrun = "counting_shop:takes_all"\nargs = { a = 1 }\nevery = "1h"\n'
        '[jobs.command]\ncommand = ["true"]\nargs = { b = 2 }\nevery = "1h"\n'
        '[schedules.more]\njob = "bare"\nevery = "1h"\nargs = { many = 3 }\n'
    )
    assert main(["check"]) == 0, capsys.readouterr().err


def test_values_and_functions_are_reported_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    text = """[daemon]
workers = "4"
[jobs.tick]
run = "counting_shop:tik"
[jobs.gone]
run = "no_such_shop:tick"
[jobs.count]
run = "counting_shop:count"
args = { many = true }
queue = "nowhere"
"""
    keys = ["daemon.workers", "jobs.tick.run", "jobs.gone.run", "jobs.count.args.many", "jobs.count.queue"]
    assert [line.split()[1] for line in checked(capsys, text)] == [f"{key}:" for key in keys]


def test_a_function_that_is_not_there_is_pointed_at_with_the_one_that_was_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = '[jobs.tick]\nrun = "counting_shop:tik"\n[jobs.other]\nrun = "counting_shop:xxxxxx"\n'
    near, far = checked(capsys, text)
    assert near.endswith('has no function "tik" @2:22 help: did you mean "tick"?')
    assert far.endswith("@4:22 help: it has count, takes_all, tick")
    checked(capsys, text)
    (one,) = checked(capsys, '[jobs.tick]\nrun = "no_such_shop:tik"\n')
    assert one.endswith("help: is it installed in this Python, or does its file lie beside the configuration?")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('evry = "5m"', 'evry = "5m"'),
        ('evry = "1h 30m"', 'evry = "1h 30m"'),
        ("attempts = 3", "attempts = 3"),
        ("shiny = true", "shiny = true"),
        ('colour = "hunter2"', "colour = ********"),
        ("number = 4111111111111111", "number = ********"),
        ("pasword = 12", "pasword = ********"),
        ("my_token = 12", "my_token = ********"),
        ('colour = "5m" # hunter2', "colour = ********"),
        ("colour = [1, 2]", "colour = ********"),
    ],
)
def test_of_an_unknown_key_only_what_is_no_secret_is_shown(
    line: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("jobd.toml").write_text(f'[jobs.tick]\nrun = "counting_shop:tick"\n{line}\n')
    assert main(["check"]) == 9
    assert f"3 | {shown}\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "text", "status"),
    [
        (("jobd", "check"), "[mial]\n", 9),
        (("jobd", "check"), "", 0),
        (("jobd", "run"), "[mial]\n", 9),
        (("jobd.jobctl.cli", "nosuch"), "", 2),
    ],
)
def test_a_reader_that_leaves_does_not_change_the_exit_status(words: tuple[str, ...], text: str, status: int) -> None:
    Path("jobd.toml").write_text(text)
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", *words]
    with os.fdopen(writer, "wb") as pipe:
        assert subprocess.run(command, stdout=pipe, stderr=pipe, timeout=60, check=False).returncode == status


def test_a_missing_file_is_sent_to_init_and_not_to_check(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["run", "--config", str(tmp_path / "none" / "jobd.toml")]) == 9
    error = capsys.readouterr().err
    assert f"write one with: jobd init {tmp_path / 'none'}" in error
    assert "jobd check" not in error


def test_a_port_that_is_taken_ends_the_start_before_a_postgres_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        state = tmp_path / "state"
        Path("jobd.toml").write_text(f'[daemon]\nstate_directory = "{state}"\n[api]\nlisten = "{listen}"\n')
        command = [sys.executable, "-m", "jobd", "run"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert f"[api] listen: nobody can listen on {listen}: another program does; `ss -ltnp" in ended.stderr
    assert not [path for path in state.iterdir() if path.is_dir()]
