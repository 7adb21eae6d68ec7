"""Expressions and zones that are refused, with the place of the mistake."""

from __future__ import annotations

import pytest
from cron_slots import at
from hypothesis import given, settings
from hypothesis import strategies as st

from jobd.model.cron import CronSyntaxError, parse


@pytest.mark.parametrize(
    ("expression", "field", "column", "length", "problem"),
    [
        ("60 * * * *", "minute", 1, 2, "60 is not within 0-59"),
        ("0 1,24 * * *", "hour", 5, 2, "24 is not within 0-23"),
        ("0 0 0 * *", "day of month", 5, 1, "0 is not within 1-31"),
        ("0 0 1 13 *", "month", 7, 2, "13 is not within 1-12"),
        ("0 0 * * 1,8", "day of week", 11, 1, "8 is not within 0-7"),
        ("60 0 0 * * *", "second", 1, 2, "60 is not within 0-59"),
        ("0 0 0 1 1 * 1969", "year", 13, 4, "1969 is not within 1970-2099"),
        ("0 0 * foo *", "month", 7, 3, "a name like 'JAN'"),
        ("1,,2 * * * *", "minute", 3, 1, "a value is missing"),
        ("5- * * * *", "minute", 1, 2, "a value is missing"),
        ("-5 * * * *", "minute", 1, 2, "a value is missing"),
        ("*/0 * * * *", "minute", 1, 3, "the step '0'"),
        ("5/ * * * *", "minute", 1, 2, "the step ''"),
        ("1-5-7 * * * *", "minute", 1, 5, "is not a value"),
        ("٣ * * * *", "minute", 1, 1, "is not a value"),
        ("1_0 * * * *", "minute", 1, 3, "is not a value"),
        ("? * * * *", "minute", 1, 1, "is not a value"),
        ("L * * * *", "minute", 1, 1, "is not a number"),
        ("0 0 * * L", "day of week", 9, 1, "write '5L'"),
        ("0 0 * * 5#6", "day of week", 9, 3, "not within 1-5"),
        ("0 0 32W * *", "day of month", 5, 3, "not within 1-31"),
        ("0 0 1-5W * *", "day of month", 5, 4, "is not a value"),
        ("0 0 L-31 * *", "day of month", 5, 4, "not within 0-30"),
        ("R R * * *", "minute", 1, 1, "'H' chooses one that stays"),
        ("0 H * * *", "hour", 3, 1, "hashed from the schedule's name"),
        ("@reboot", "macro", 1, 7, "has no instant"),
        ("@every 5m", "macro", 1, 6, "every ="),
        ("@noon", "macro", 1, 5, "is not one of"),
        ("@daily 5", "macro", 1, 6, "stands alone"),
        ("0 0 * *", "", 0, 0, "4 fields"),
        ("", "", 0, 0, "0 fields"),
        ("0 0 0 1 1 * 2026 5", "", 0, 0, "8 fields"),
        (f"{'1,' * 128}1 * * * *", "", 0, 0, "longer than 256"),
    ],
)
def test_a_wrong_expression_is_refused_with_its_place(
    expression: str, field: str, column: int, length: int, problem: str
) -> None:
    with pytest.raises(CronSyntaxError) as caught:
        parse(expression)
    error = caught.value
    assert isinstance(error, ValueError)
    assert problem in error.problem
    assert (error.field, error.column, error.length) == (field, column, length)
    assert str(error).endswith(error.problem)


@pytest.mark.parametrize("name", ["Africa/Ciro", "../../etc/passwd", "", "Africa", "localtime", "/etc/localtime"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="unknown time zone"):
        parse("* * * * *", timezone=name)


def test_an_unknown_zone_is_told_its_nearest_name() -> None:
    with pytest.raises(ValueError, match="did you mean 'Africa/Cairo'"):
        parse("* * * * *", timezone="Africa/Ciro")


@pytest.mark.parametrize("wrong", [None, 5, b"* * * * *", 1.5])
def test_what_is_no_text_is_a_value_error(wrong: object) -> None:
    with pytest.raises(ValueError, match="is text, not"):
        parse(wrong)  # type: ignore[arg-type]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.text("0123456789*,-/LW#H()?JANFRISUN", max_size=6), min_size=5, max_size=7))
def test_any_text_either_fires_or_is_refused(words: list[str]) -> None:
    try:
        spec = parse(" ".join(words), name="some")
    except ValueError:
        return
    slot = spec.next_after(at("2026-01-01T00:00Z"))
    assert slot is None or slot > at("2026-01-01T00:00Z")
    assert spec.describe()


def test_what_is_seldom_meant_is_warned_of() -> None:
    assert parse("0 0 13 * 5").warnings
    assert parse("*/90 * * * *").warnings
    assert parse("0 0 * * 5").warnings == ()
