"""`jobd next`: what it prints and how it ends."""

from __future__ import annotations

import argparse
import json

import pytest

from jobd.cli import next as command


def jobd_next(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="jobd")
    command.add(parser.add_subparsers())
    args = parser.parse_args(["next", *words])
    answer = args.run(args)
    assert isinstance(answer, int)
    return answer


def test_slots_are_shown_in_local_time_and_utc(capsys: pytest.CaptureFixture[str]) -> None:
    assert jobd_next("30 2 * * *", "--tz", "America/New_York", "--from", "2026-10-31", "-n", "2") == 0
    described, first, second = capsys.readouterr().out.splitlines()
    assert described == "at 02:30 every day, America/New_York"
    assert first.split() == ["Sat", "2026-10-31", "02:30:00", "EDT", "2026-10-31", "06:30:00", "UTC"]
    assert second.split() == ["Sun", "2026-11-01", "02:30:00", "EST", "2026-11-01", "07:30:00", "UTC"]


def test_a_slot_that_the_clock_change_moved_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert jobd_next("@daily", "--tz", "Africa/Cairo", "--from", "2026-04-23T12:00", "-n", "2") == 0
    _, moved, usual = capsys.readouterr().out.splitlines()
    assert moved.startswith("Fri 2026-04-24 01:00:00 EEST")
    assert moved.endswith("(00:00:00 is skipped by the clock change)")
    assert usual.endswith("21:00:00 UTC")


def test_json_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert jobd_next("0 2 * * *", "--tz", "Africa/Cairo", "--from", "2026-11-23T12:00:00Z", "-n1", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["next"] == [
        {
            "utc": "2026-11-24T00:00:00Z",
            "local": "2026-11-24T02:00:00+02:00",
            "zone": "EET",
            "nominal": "2026-11-24T02:00:00",
        }
    ]
    assert (answer["timezone"], answer["never"], answer["warnings"]) == ("Africa/Cairo", False, [])


def test_a_wrong_field_is_underlined(capsys: pytest.CaptureFixture[str]) -> None:
    assert jobd_next("0 1,25 * * *") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    message, expression, pointer = printed.err.splitlines()
    assert message == "jobd next: cron '0 1,25 * * *': hour (column 5): 25 is not within 0-23"
    assert expression[pointer.index("^") : pointer.rindex("^") + 1] == "25"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("* * * * *", "--tz", "Africa/Ciro"), "did you mean 'Africa/Cairo'"),
        (("* * * * *", "--from", "yesterday"), "is not an ISO 8601 instant"),
        (("H * * * *",), "hashed from the schedule's name"),
        (("\x1b[31m * * * *",), "is not a value"),
    ],
)
def test_wrong_use_ends_with_2(words: tuple[str, ...], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert jobd_next(*words) == 2
    printed = capsys.readouterr().err
    assert problem in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize("number", ["0", "-1", "10001", "many"])
def test_a_wrong_number_ends_with_2(number: str) -> None:
    with pytest.raises(SystemExit) as ended:
        jobd_next("* * * * *", "-n", number)
    assert ended.value.code == 2


def test_an_expression_that_never_fires_ends_with_1_and_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    assert jobd_next("0 0 30 2 *") == 1
    assert "it never fires" in capsys.readouterr().err


def test_h_takes_the_name_of_the_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    start = ("--from", "2026-01-01T00:00Z", "-n", "1")
    assert jobd_next("H H * * *", "--name", "nightly", *start) == 0
    nightly = capsys.readouterr().out
    assert jobd_next("H H * * *", "--name", "weekly", *start) == 0
    assert capsys.readouterr().out != nightly
