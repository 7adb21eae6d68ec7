"""A slow second opinion on cron: Debian's main loop replayed minute by minute, and days tried one by one.

Shares nothing with jobd.model.cron but the words: offsets come from zoneinfo, fields from the generator.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

ZONES = (
    "America/New_York",
    "Europe/London",
    "Europe/Berlin",
    "Africa/Cairo",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Antarctica/Troll",
    "America/Nuuk",
    "Europe/Dublin",
    "America/Havana",
    "America/Santiago",
    "Asia/Almaty",
    "Pacific/Apia",
)
AROUND = timedelta(hours=13)


@dataclass(frozen=True)
class Expression:
    """Five fields, as text and as what they mean."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    month_days: frozenset[int]
    months: frozenset[int]
    week_days: frozenset[int]

    @property
    def moving(self) -> bool:
        minute, hour, *_ = self.text.split()
        return minute.startswith("*") or hour.startswith("*")

    def on(self, day: date) -> bool:
        _, _, month_day, _, week_day = self.text.split()
        by_month, by_week = day.day in self.month_days, day.isoweekday() % 7 in self.week_days
        both = month_day.startswith("*") or week_day.startswith("*")
        return day.month in self.months and (by_month and by_week if both else by_month or by_week)


def replay(expression: Expression, clock: list[tuple[int, int]]) -> list[int]:
    """When Debian's loop would run it; `clock` has each minute's instant and its reading in minutes."""
    times = {hour * 60 + minute for hour in expression.hours for minute in expression.minutes}
    days = {reading // 1440 for _, reading in clock}
    days = {day for day in range(min(days), max(days) + 1) if expression.on(date(1970, 1, 1) + timedelta(day))}
    moving = expression.moving

    def matches(reading: int) -> bool:
        return reading % 1440 in times and reading // 1440 in days

    fired = []
    virtual = clock[0][1] - 1
    for instant, reading in clock:
        ahead = reading - virtual
        if ahead == 1:  # the usual minute
            due = matches(reading)
        elif ahead > 1:  # jumped: moving jobs by the new time, fixed ones for each minute that was skipped
            due = matches(reading) if moving else any(map(matches, range(virtual + 1, reading + 1)))
        else:  # repeated: only moving jobs, until the clock has caught up
            due = moving and matches(reading)
        virtual = max(virtual, reading)
        if due:
            fired.append(instant)
    return fired


@lru_cache
def changes(zone: str, first: int = 2009, last: int = 2027) -> tuple[datetime, ...]:
    """The hours in which the zone's offset changes, by trying each day and then each hour."""
    info, found = ZoneInfo(zone), []
    day = datetime(first, 1, 1, tzinfo=UTC)
    while day.year <= last:
        if day.astimezone(info).utcoffset() != (day + timedelta(days=1)).astimezone(info).utcoffset():
            hours = [day + timedelta(hours=hour) for hour in range(25)]
            found += [
                hour
                for hour, following in pairwise(hours)
                if hour.astimezone(info).utcoffset() != following.astimezone(info).utcoffset()
            ]
        day += timedelta(days=1)
    return tuple(found)


@lru_cache
def clock_around(zone: str, change: datetime) -> list[tuple[int, int]]:
    """Each minute around a change: the instant, and the wall clock's reading in minutes since 1970."""
    info, start = ZoneInfo(zone), int((change - AROUND).timestamp())
    readings = []
    for instant in range(start, start + 2 * int(AROUND.total_seconds()), 60):
        shown = datetime.fromtimestamp(instant, info).replace(tzinfo=UTC)
        readings.append((instant, int(shown.timestamp()) // 60))
    return readings


def expression_near(rng: random.Random, day: date) -> Expression:
    """A random expression; its date fields often name `day` or its neighbours."""
    near = [day + timedelta(days) for days in (-1, 0, 1)]
    minute, minutes = _field(rng, 0, 59, [0, 15, 30, 45], star=0.05)
    hour, hours = _field(rng, 0, 23, [0, 1, 2, 3, 23], star=0.3)
    month_day, month_days = _field(rng, 1, 31, [each.day for each in near], star=0.7)
    month, months = _field(rng, 1, 12, [each.month for each in near], star=0.85)
    week_day, week_days = _field(rng, 0, 6, [each.isoweekday() % 7 for each in near], star=0.7)
    return Expression(f"{minute} {hour} {month_day} {month} {week_day}", minutes, hours, month_days, months, week_days)


def _field(rng: random.Random, first: int, last: int, liked: list[int], star: float) -> tuple[str, frozenset[int]]:
    whole = range(first, last + 1)
    if rng.random() < star:
        return "*", frozenset(whole)
    low, high = rng.choice([*liked, rng.choice(whole)]), rng.choice(whole)
    step = rng.randint(2, max(2, (last - first) // 2))
    wrapped = [number if number <= last else number - last + first - 1 for number in range(low, low + len(whole))]
    upward = wrapped[: wrapped.index(high) + 1]
    match rng.randrange(6):
        case 0:
            return f"*/{step}", frozenset(whole[::step])
        case 1:
            return f"{low}-{high}", frozenset(upward)
        case 2:
            return f"{low}-{high}/{step}", frozenset(upward[::step])
        case 3:
            return f"{low},{high}", frozenset((low, high))
        case 4:
            return f"{low}/{step}", frozenset(range(low, last + 1, step))
        case _:
            return f"{low}", frozenset((low,))
