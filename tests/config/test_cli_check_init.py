"""`jobd check` and `jobd init`, as people call them."""

from __future__ import annotations

import argparse
import json
import stat
from pathlib import Path

import pytest

from jobd.cli import check, init, parser


def called(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    check.add(commands)
    init.add(commands)
    args = parser.parse_args(argv)
    return int(args.run(args))


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JOBD_CONFIG", raising=False)


def test_problems_are_shown_with_their_line_a_caret_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    Path("jobd.toml").write_text('[jobs.tidy]\ncommand = ["true"]\ncronn = "@daily"\n[daemon]\nworkers = "4"\n')
    assert called("check") == 9
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "error: jobs.tidy.cronn: unknown key\n"
        " --> jobd.toml:3:1\n"
        "  |\n"
        "3 | cronn = ********\n"
        "  | ^^^^^\n"
        'help: did you mean "cron"?\n'
        "\n"
        "error: daemon.workers: expected a whole number, got a string\n"
        " --> jobd.toml:5:11\n"
        "  |\n"
        '5 | workers = "4"\n'
        "  |           ^^^\n"
        "\n"
        "2 problems\n"
    )


@pytest.mark.parametrize("form", [["other.toml"], ["--config", "other.toml"], ["--config=other.toml", "--show"]])
def test_the_file_is_named_in_either_form(form: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("jobd.toml").write_text("broken")
    Path("other.toml").write_text('[jobs.tidy]\ncommand = ["true"]\n')
    assert called("check", *form) == 0
    assert "other.toml" in capsys.readouterr().out or "--show" in form


@pytest.mark.parametrize("command", ["run", "check", "migrate", "doctor", "adopt"])
def test_every_command_that_reads_a_file_takes_both_forms_but_not_at_once(command: str) -> None:
    found = parser((command,))
    assert found.parse_args([command]).config is None
    for form in (["a.toml"], ["--config", "a.toml"]):
        assert found.parse_args([command, *form]).config == Path("a.toml")
    with pytest.raises(SystemExit):
        found.parse_args([command, "a.toml", "--config", "b.toml"])


def test_a_good_file_is_summed_up_with_its_next_instants(capsys: pytest.CaptureFixture[str]) -> None:
    Path("jobd.toml").write_text(
        '[jobs.tidy]\ncommand = ["true"]\ncron = "0 3 1 1 *"\ntimezone = "Asia/Tokyo"\nqueue = "low"\n'
        "[schedules.past]\njob = 'tidy'\nat = 2020-01-01T00:00:00Z\n"
        "[schedules.off]\njob = 'tidy'\nevery = '1h'\nenabled = false\n"
    )
    assert called("check") == 0
    first, *schedules = capsys.readouterr().out.splitlines()
    assert first == "jobd.toml: 1 job, 3 schedules, 4 queues"
    assert [line.split(maxsplit=1)[0] for line in schedules] == ["off", "past", "tidy"]
    assert schedules[0].endswith("disabled")
    assert schedules[1].endswith("never due again")
    assert schedules[2].endswith("-01-01 03:00:00 JST  low")


def test_where_the_database_is_and_how_it_is_talked_to_is_said_without_its_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    path = Path("jobd.toml")
    path.touch(0o600)
    path.write_text('[database]\nurl = "postgresql://app:geheim@db.example.org:5433/app"\n')
    assert called("check") == 0
    out, err = capsys.readouterr()
    assert "database: db.example.org:5433, sslmode=verify-full (the default beyond this machine)" in out.splitlines()
    assert "geheim" not in out + err


def test_a_function_that_cannot_be_loaded_is_a_problem_at_its_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("jobd.toml").write_text("[jobs.tidy]\nqueue = 'low'\nrun = 'no.such.module:tidy'\n")
    assert called("check") == 9
    error = capsys.readouterr().err
    assert "no.such.module" in error
    assert " --> jobd.toml:3:7\n" in error


def test_warnings_alone_leave_it_usable(capsys: pytest.CaptureFixture[str]) -> None:
    Path("jobd.toml").write_text("[queues.low]\nmax = 50\n")
    assert called("check", "jobd.toml") == 0
    assert capsys.readouterr().err.startswith("warning: queues.low.max:")


def test_control_characters_of_a_file_never_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Path("jobd.toml").write_text("[jobs.'\x1b[31m'] # \x1b[2J\n", newline="")
    assert called("check") == 9
    Path("jobd.toml").write_text('[jobs."\\u001b[31m"]\nrun = "a:b"\n"\\u001b]0;x\\u0007" = 1\n')
    assert called("check") == 9
    captured = capsys.readouterr()
    assert not any(ord(character) < 32 and character != "\n" for character in captured.out + captured.err)


def test_every_value_is_shown_with_its_origin(capsys: pytest.CaptureFixture[str]) -> None:
    Path("jobd.toml").write_text("[mail]\nuser = 'a'\npassword = 'c4n4ry'\n")
    assert called("check", "--show") == 0
    out = capsys.readouterr().out
    assert "c4n4ry" not in out
    lines = {line.split()[0]: line.split() for line in out.splitlines()}
    assert lines["mail.password"] == ["mail.password", "********", "jobd.toml:3"]
    assert lines["daemon.workers"] == ["daemon.workers", "10", "default"]


def test_no_file_at_all_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("check", "missing.toml") == 9
    assert "jobd init" in capsys.readouterr().err


def test_init_writes_a_configuration_that_check_accepts(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("init", "new/place") == 0
    assert capsys.readouterr().out.splitlines() == ["new/place/jobd.toml", "new/place/jobd.schema.json"]
    assert stat.S_IMODE(Path("new/place/jobd.toml").stat().st_mode) & 0o027 == 0
    assert json.loads(Path("new/place/jobd.schema.json").read_text())["additionalProperties"] is False
    assert called("check", "new/place/jobd.toml") == 0
    assert "hello" in capsys.readouterr().out


def test_init_never_overwrites(capsys: pytest.CaptureFixture[str]) -> None:
    Path("jobd.toml").write_text("# mine\n")
    assert called("init") == 6
    assert Path("jobd.toml").read_text() == "# mine\n"
    assert not Path("jobd.schema.json").exists()
    Path("jobd.toml").unlink()
    Path("jobd.schema.json").write_text("{}")
    assert called("init", ".") == 0
    assert Path("jobd.schema.json").read_text() == "{}"
    assert "nothing was written" in capsys.readouterr().err


def test_init_does_not_follow_a_dangling_link(tmp_path: Path) -> None:
    Path("jobd.toml").symlink_to(tmp_path / "elsewhere")
    assert called("init") == 6
    assert not (tmp_path / "elsewhere").exists()
