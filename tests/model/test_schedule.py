"""Schedules of the three kinds: cron, every, at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobd.model.cron import CronSyntaxError
from jobd.model.schedule import Schedule, ScheduleKind

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
instants = st.datetimes(datetime(1971, 1, 1), datetime(2300, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
periods = st.timedeltas(timedelta(seconds=1), timedelta(days=400))


def cron(expression: str, **more: str) -> Schedule:
    return Schedule(name="nightly", job="backup", cron=expression, **more)  # type: ignore[arg-type]


def every(**length: float) -> Schedule:
    return Schedule(name="poll", job="backup", every=timedelta(**length))


def once(at: datetime) -> Schedule:
    return Schedule(name="launch", job="backup", at=at)


def test_a_cron_schedule_fires_by_the_clock_of_its_zone() -> None:
    schedule = cron("0 2 * * *", timezone="Africa/Cairo")
    assert schedule.kind is ScheduleKind.CRON
    assert schedule.next_after(NOON) == datetime(2026, 11, 24, 0, tzinfo=UTC)
    assert schedule.latest_between(NOON - timedelta(days=3), NOON) == datetime(2026, 11, 23, 0, tzinfo=UTC)
    assert schedule.describe() == "at 02:00 every day, Africa/Cairo"


def test_h_is_hashed_with_the_name_of_the_schedule() -> None:
    one = Schedule(name="one", job="backup", cron="H H * * *").next_after(NOON)
    other = Schedule(name="other", job="backup", cron="H H * * *").next_after(NOON)
    assert one != other


def test_every_counts_from_1970_so_that_all_nodes_agree() -> None:
    schedule = every(seconds=90)
    first = schedule.next_after(NOON)
    assert first is not None
    assert first.timestamp() % 90 == 0
    assert schedule.next_after(NOON.astimezone(timezone(timedelta(hours=5)))) == first


@given(periods, instants)
def test_every_slot_is_the_period_after_the_one_before(period: timedelta, start: datetime) -> None:
    schedule = Schedule(name="poll", job="backup", every=period)
    first = schedule.next_after(start)
    assert first is not None
    assert start < first <= start + period
    assert schedule.next_after(first) == first + period
    assert schedule.next_after(first - MICROSECOND) == first
    assert schedule.latest_between(start, first) == first
    assert schedule.latest_between(first, first + period - MICROSECOND) is None
    assert schedule.latest_between(start, first + 5.5 * period) == first + 5 * period


def test_every_has_no_slot_after_the_end_of_the_calendar() -> None:
    assert every(days=900_000).next_after(datetime(9500, 1, 1, tzinfo=UTC)) is None


def test_at_fires_once() -> None:
    schedule = once(NOON)
    assert schedule.next_after(NOON - MICROSECOND) == NOON
    assert schedule.next_after(NOON) is None
    assert schedule.latest_between(NOON - MICROSECOND, NOON) == NOON
    assert schedule.latest_between(NOON, NOON + timedelta(days=1)) is None
    assert schedule.latest_between(NOON - timedelta(days=1), NOON - MICROSECOND) is None


def test_at_of_another_zone_is_an_instant_in_utc() -> None:
    slot = once(datetime(2026, 12, 1, 9, tzinfo=timezone(timedelta(hours=2)))).next_after(NOON)
    assert slot is not None
    assert slot.isoformat() == "2026-12-01T07:00:00+00:00"


@pytest.mark.parametrize("schedule", [cron("*/5 * * * *"), every(minutes=5), once(NOON)])
def test_missed_slots_are_counted_with_their_first_and_last(schedule: Schedule) -> None:
    after, until = NOON - timedelta(hours=1), NOON
    slots = []
    slot = schedule.next_after(after)
    while slot is not None and slot <= until:
        slots.append(slot)
        slot = schedule.next_after(slot)
    missed = schedule.missed_between(after, until)
    assert missed is not None
    assert (missed.count, missed.first, missed.last, missed.more) == (len(slots), slots[0], slots[-1], False)
    capped = schedule.missed_between(after, until, limit=1)
    assert capped is not None
    assert (capped.count, capped.last, capped.more) == (1, slots[-1], len(slots) > 1)
    assert schedule.missed_between(NOON, NOON + timedelta(seconds=1)) is None


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (every(seconds=1), "every second"),
        (every(seconds=90), "every 90 seconds"),
        (every(seconds=2.5), "every 2.5 seconds"),
        (every(minutes=90), "every 90 minutes"),
        (every(hours=1), "every hour"),
        (every(days=2), "every 2 days"),
        (once(NOON), "once, at 2026-11-23 12:00:00 UTC"),
    ],
)
def test_schedules_in_words(schedule: Schedule, words: str) -> None:
    assert schedule.describe() == words


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        (Schedule(name="a", job="b"), "here is none"),
        (Schedule(name="a", job="b", cron="* * * * *", every=timedelta(hours=1)), "here is cron and every"),
        (cron("0 25 * * *"), "hour .column 3.: 25 is not within 0-23"),
        (cron("0 2 * * *", timezone="Africa/Ciro"), "did you mean 'Africa/Cairo'"),
        (every(seconds=0.5), "0.5 s is too short"),
        (every(seconds=-5), "is too short"),
        (once(datetime(2026, 1, 1)), "has no time zone"),  # noqa: DTZ001 - on purpose
        (Schedule(name="a", job="b", cron="* * * * *", catch_up_window=timedelta(-1)), "is negative"),
    ],
)
def test_a_schedule_that_cannot_be_used_says_why(schedule: Schedule, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        schedule.check()


@pytest.mark.parametrize("schedule", [cron("@daily"), every(seconds=1), once(NOON), cron("0 0 30 2 *")])
def test_a_schedule_that_can_be_used_passes(schedule: Schedule) -> None:
    schedule.check()


def test_warnings_are_those_of_the_expression() -> None:
    assert any("never fires" in warning for warning in cron("0 0 30 2 *").warnings())
    assert every(hours=1).warnings() == ()


def test_the_place_of_a_wrong_expression_reaches_the_configuration() -> None:
    with pytest.raises(CronSyntaxError) as caught:
        cron("0 2 * * mon-fry").check()
    assert (caught.value.field, caught.value.column, caught.value.length) == ("day of week", 9, 7)


@pytest.mark.parametrize("schedule", [cron("* * * * *"), every(hours=1), once(NOON)])
def test_a_naive_instant_is_refused(schedule: Schedule) -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        schedule.next_after(datetime(2026, 1, 1))  # noqa: DTZ001 - on purpose
