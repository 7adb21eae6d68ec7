"""What the fields of an expression mean, and the ends of the calendar."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from cron_slots import at, fires_utc

from jobd.model.cron import parse

MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("expression", "same_as"),
    [
        ("0 0 5-5 * *", "0 0 5 * *"),
        ("0 0 * * fri-5", "0 0 * * 5"),
        ("7-7/3 * * * *", "7 * * * *"),
        ("0 0 * * 7-7", "0 0 * * 0"),
        ("0 0 * * 7-0", "0 0 * * sun"),
        ("59/15 * * * *", "59 * * * *"),
        ("5/15 * * * *", "5,20,35,50 * * * *"),
        ("0 0/12 * * *", "0 0,12 * * *"),
        ("0 0 1 dec/3 *", "0 0 1 12 *"),
        ("0 22-2 * * *", "0 22,23,0,1,2 * * *"),
        ("0 23-17/3 * * *", "0 23,2,5,8,11,14,17 * * *"),
        ("0 0 * * fri-mon", "0 0 * * 5,6,0,1"),
        ("0 0 * * fri-mon/2", "0 0 * * 5,0"),
        ("0 0 1 nov-feb/2 *", "0 0 1 11,1 *"),
        ("0 0 28-3 * *", "0 0 28,29,30,31,1,2,3 * *"),
        ("0 0 28-L * *", "0 0 28,29,30,31 * *"),
        ("0 0 * * 1-7/2", "0 0 * * 1,3,5,0"),
        ("0 0 * * 5-7", "0 0 * * 5,6,0"),
        ("0 0 1 * 0-7", "0 0 1 * 0-6"),
        ("0 0 1 * *", "0 0 1 * ?"),
        ("0 0 ? * Mon", "0 0 * * 1"),
        ("@weekly", "0 0 * * 0"),
        ("@Yearly", "@annually"),
        ("  0\t0 1 1 *\u00a0", "@yearly"),
        ("0 0 0 1 * *", "@monthly"),
        ("*/99999999999999999999 * * * *", "*/60 * * * *"),
        ("0 0 * * L5", "0 0 * * friL"),
    ],
)
def test_two_spellings_are_the_same_schedule(expression: str, same_as: str) -> None:
    start = at("2026-02-01T00:00Z") - MICROSECOND
    spec, other = parse(expression), parse(same_as)
    mine, others = spec.next_after(start), other.next_after(start)
    for _ in range(60):
        assert mine == others
        assert mine is not None
        assert others is not None
        mine, others = spec.next_after(mine), other.next_after(others)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*/20 * * * * *", ["2026-01-01T00:00", "2026-01-01T00:00", "2026-01-01T00:01"]),
        ("15 30 8 * * *", ["2026-01-01T08:30", "2026-01-02T08:30", "2026-01-03T08:30"]),
        ("0 0 0 1 1 * 2028-2030/2", ["2028-01-01T00:00", "2030-01-01T00:00"]),
        ("0 0 1,10 * mon", ["2026-01-05T00:00", "2026-01-10T00:00", "2026-01-12T00:00"]),
        ("0 0 */10 * mon", ["2026-05-11T00:00", "2026-06-01T00:00", "2026-08-31T00:00"]),
        ("0 0 1 * 5#3", ["2026-01-16T00:00", "2026-02-01T00:00", "2026-02-20T00:00"]),
        ("0 0 15W * 1", ["2026-01-05T00:00", "2026-01-12T00:00", "2026-01-15T00:00"]),
        ("0 0 31 4 mon#5", ["2029-04-30T00:00", "2030-04-29T00:00", "2035-04-30T00:00"]),
        ("0 0 31 2 0", ["2026-02-01T00:00", "2026-02-08T00:00", "2026-02-15T00:00"]),
        ("0 0 * * 5L", ["2026-01-30T00:00", "2026-02-27T00:00", "2026-03-27T00:00"]),
        ("0 0 L * *", ["2026-01-31T00:00", "2026-02-28T00:00", "2026-03-31T00:00"]),
        ("0 0 L-3 * *", ["2026-01-28T00:00", "2026-02-25T00:00", "2026-03-28T00:00"]),
        ("0 0 LW * *", ["2026-01-30T00:00", "2026-02-27T00:00", "2026-03-31T00:00"]),
        ("0 0 1W * *", ["2026-02-02T00:00", "2026-03-02T00:00", "2026-04-01T00:00"]),
        ("0 0 1,15W * *", ["2026-01-15T00:00", "2026-02-01T00:00", "2026-02-16T00:00"]),
        ("0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]),
    ],
)
def test_what_a_field_says_is_when_it_fires(expression: str, expected: list[str]) -> None:
    assert fires_utc(expression) == expected


def test_a_century_without_29_february_is_passed_over() -> None:
    assert fires_utc("0 0 29 2 *", "2096-03-01T00:00Z", 1) == ["2104-02-29T00:00"]


@pytest.mark.parametrize("expression", ["0 0 30 2 *", "0 0 31 2,4,6 *", "0 0 31W 2 *", "0 0 0 29 2 * 2026-2027"])
def test_an_expression_that_no_day_fits_is_accepted_and_says_so(expression: str) -> None:
    spec = parse(expression)
    assert spec.never
    assert spec.next_after(at("2026-01-01T00:00Z")) is None
    assert spec.latest_between(at("1970-01-01T00:00Z"), at("2026-01-01T00:00Z")) is None
    assert "no day fits: it never fires" in spec.warnings
    assert "never" in spec.describe()


def test_years_that_are_over_leave_no_slot() -> None:
    spec = parse("0 0 0 1 1 * 2020")
    assert not spec.never
    assert spec.next_after(at("2026-01-01T00:00Z")) is None
    assert spec.latest_between(at("2000-01-01T00:00Z"), at("2026-01-01T00:00Z")) == at("2020-01-01T00:00Z")


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/New_York"])
@pytest.mark.parametrize("expression", ["* * * * *", "0 0 * * *", "0 0 29 2 1#5"])
def test_the_ends_of_the_calendar_raise_nothing(zone: str, expression: str) -> None:
    spec = parse(expression, timezone=zone)
    east, west = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
    earliest, latest = datetime.min.replace(tzinfo=east), datetime.max.replace(tzinfo=west)
    first = spec.next_after(earliest)
    assert first is not None
    assert 1969 < first.year < 2010
    assert spec.next_after(latest) is None
    last = spec.latest_between(earliest, latest)
    assert last is not None
    assert last.year > 9950
    assert spec.next_after(last) is None


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        parse("* * * * *").next_after(datetime(2026, 1, 1))  # noqa: DTZ001 - on purpose
