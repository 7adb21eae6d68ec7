"""The table-driven slots against the slow oracle: every kind of clock change, thousands of expressions."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import pytest
from cron_oracle import ZONES, Expression, changes, clock_around, expression_near, replay

from jobd.model.cron import CronSpec, parse

MICROSECOND = timedelta(microseconds=1)
PER_ZONE = 220


def instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def slots(spec: CronSpec, after: datetime, until: datetime) -> list[datetime]:
    found = []
    slot = spec.next_after(after)
    while slot is not None and slot <= until:
        found.append(slot)
        slot = spec.next_after(slot)
    return found


@lru_cache
def cases(zone: str) -> list[tuple[Expression, list[int], list[datetime]]]:
    """Expressions, the minutes around a change of the zone, and the slots within them."""
    rng = random.Random(zone)
    found = []
    for _ in range(PER_ZONE):
        change = rng.choice(changes(zone))
        expression, clock = expression_near(rng, change.date()), clock_around(zone, change)
        slots = [instant(second) for second in replay(expression, clock)]
        found.append((expression, [second for second, _ in clock], slots))
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_slots_around_a_clock_change_are_those_of_debians_loop(zone: str) -> None:
    fired = 0
    for expression, minutes, expected in cases(zone):
        start, end = instant(minutes[0]), instant(minutes[-1])
        spec = parse(expression.text, timezone=zone)
        assert slots(spec, start - MICROSECOND, end) == expected, (expression.text, zone)
        fired += len(expected)
    assert fired > 5 * PER_ZONE  # the expressions do fire around the changes


@pytest.mark.parametrize("zone", ZONES)
def test_the_latest_slot_and_every_restart_agree_with_the_list_of_slots(zone: str) -> None:
    rng = random.Random(f"latest {zone}")
    for expression, minutes, expected in cases(zone)[:100]:
        spec = parse(expression.text, timezone=zone)
        for _ in range(5):
            after, until = sorted(map(instant, rng.sample(minutes, 2)))
            within = [slot for slot in expected if after < slot <= until]
            case = (expression.text, zone, after, until)
            assert spec.latest_between(after, until) == (within[-1] if within else None), case
            found = spec.missed_between(after, until, limit=5)
            if not within:
                assert found is None, case
                continue
            assert found is not None
            assert (found.first, found.last) == (within[0], within[-1]), case
            assert (found.count, found.more) == (min(5, len(within)), len(within) > 5), case
            assert spec.next_after(within[0] - MICROSECOND) == within[0], case


def test_a_cold_answer_is_the_same_as_one_from_the_memo() -> None:
    rng = random.Random("memo")
    for zone in ZONES:
        for expression, minutes, _ in cases(zone)[:20]:
            asked_before = parse(expression.text, timezone=zone)
            for second in rng.sample(minutes, 20):
                at = instant(second) + rng.choice((timedelta(0), MICROSECOND, timedelta(seconds=59.5)))
                cold = replace(asked_before, _known=[(0, 0, None)])
                assert asked_before.next_after(at) == cold.next_after(at), (expression.text, zone, at)


WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def last_of(day: date) -> date:
    following = day.replace(day=28) + timedelta(days=4)
    return following - timedelta(days=following.day)


def nearest_workday(day: date) -> date:
    same_month = [day + timedelta(days) for days in (0, -1, 1, -2, 2)]
    return next(each for each in same_month if each.month == day.month and each.isoweekday() < 6)


def special_days(rng: random.Random) -> tuple[str, str]:
    """Two day fields with L, W and #."""
    month = rng.sample(["L", f"L-{rng.randint(1, 6)}", "LW", f"{rng.randint(1, 31)}W", f"{rng.randint(1, 31)}"], 2)
    weekday = rng.choice(WEEKDAYS)
    week = rng.sample([f"{weekday}#{rng.randint(1, 5)}", f"{weekday}L", f"{rng.randrange(7)}"], 2)
    style = rng.randrange(3)
    return "*" if style == 1 else ",".join(month), "*" if style == 2 else ",".join(week)


def holds(rule: str, day: date, week: bool) -> bool:
    """Whether one rule names the day, looked up in a calendar."""
    if week:
        if "#" in rule:
            name, nth = rule.split("#")
            return WEEKDAYS[day.isoweekday() % 7] == name and (day.day - 1) // 7 + 1 == int(nth)
        if rule.endswith("L"):
            return WEEKDAYS[day.isoweekday() % 7] == rule[:-1] and (day + timedelta(7)).month != day.month
        return day.isoweekday() % 7 == int(rule)
    if rule == "LW":
        return day == nearest_workday(last_of(day))
    if rule.endswith("W"):
        number = int(rule[:-1])
        return number <= last_of(day).day and day == nearest_workday(day.replace(day=number))
    if rule.startswith("L"):
        return day == last_of(day) - timedelta(int(rule[2:] or 0))
    return day.day == int(rule)


def test_last_nth_and_nearest_days_are_those_of_a_calendar() -> None:
    rng = random.Random("days")
    first = date(2024, 1, 1)
    calendar = [first + timedelta(days) for days in range(800)]
    for _ in range(120):
        month_field, week_field = special_days(rng)
        spec = parse(f"0 0 {month_field} * {week_field}")
        month_rules = [] if month_field == "*" else month_field.split(",")
        week_rules = [] if week_field == "*" else week_field.split(",")
        expected = [
            day
            for day in calendar
            if any(holds(rule, day, week=False) for rule in month_rules)
            or any(holds(rule, day, week=True) for rule in week_rules)
        ]
        start = datetime(2024, 1, 1, tzinfo=UTC)
        found = slots(spec, start - MICROSECOND, start + timedelta(days=799))
        assert [slot.date() for slot in found] == expected, spec.expression
