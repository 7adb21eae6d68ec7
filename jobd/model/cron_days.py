"""Which days a cron expression names, by Debian's rule for its two day fields.

What a month's days are depends only on the month's length and its first weekday: 28 shapes at most, worked
out once each. Days are counted from 1970-01-01; weekdays as cron does, from 0 for Sunday.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

EPOCH_DAY = date(1970, 1, 1).toordinal()
LAST_YEAR = 9998
"""No slot is later: the year after it must stay representable in every zone."""
LAST_DAY = date(LAST_YEAR, 12, 31).toordinal() - EPOCH_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDays:
    """The day-of-month field."""

    starred: bool = True
    """The field begins with `*`: it narrows the other day field instead of adding to it."""
    days: frozenset[int] = frozenset(range(1, 32))
    from_end: frozenset[int] = frozenset()
    """`L` is 0, `L-3` is 3."""
    nearest: frozenset[int] = frozenset()
    """`15W`: the weekday nearest to the 15th, in the same month."""
    last_workday: bool = False
    """`LW`: the last Monday to Friday."""

    def among(self, length: int, first: int) -> set[int]:
        """The days of a month of `length` days that begins on weekday `first`."""
        found = {day for day in self.days if day <= length}
        found |= {length - back for back in self.from_end if back < length}
        found |= {_workday(day, length, first) for day in self.nearest if day <= length}
        if self.last_workday:
            found.add(_workday(length, length, first))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekDays:
    """The day-of-week field."""

    starred: bool = True
    days: frozenset[int] = frozenset(range(7))
    nth: frozenset[tuple[int, int]] = frozenset()
    """`5#3`, the third Friday, is (5, 3)."""
    last: frozenset[int] = frozenset()
    """`5L`: the last Friday."""

    def among(self, length: int, first: int) -> set[int]:
        """The days of a month of `length` days that begins on weekday `first`."""
        found = set()
        for day in range(1, length + 1):
            weekday = (first + day - 1) % 7
            nth = (weekday, (day + 6) // 7)
            if weekday in self.days or nth in self.nth or (weekday in self.last and day + 7 > length):
                found.add(day)
        return found


class Days:
    """The days of one expression. Immutable but for its memo."""

    __slots__ = ("_daily", "_month_days", "_months", "_shapes", "_week_days", "_years", "never")

    def __init__(
        self,
        month_days: MonthDays,
        week_days: WeekDays,
        months: tuple[int, ...],
        years: tuple[int, ...] | None,
    ) -> None:
        self._month_days, self._week_days = month_days, week_days
        self._months = frozenset(months)
        self._years = None if years is None else frozenset(years)
        self._shapes: dict[tuple[int, int], tuple[int, ...]] = {}
        self._daily = years is None and len(months) == 12 and len(self._named(31, 0)) == 31
        self.never = not self._any()

    def at_or_after(self, day: int) -> int | None:
        """The first named day that is not before `day`; None when there is none up to the year 9998."""
        if self.never or day > LAST_DAY:
            return None
        if self._daily:
            return day
        start = date.fromordinal(day + EPOCH_DAY)
        last = LAST_YEAR if self._years is None else max(self._years)
        for index in range(start.year * 12 + start.month - 1, last * 12 + 12):
            first, named = self._month(index)
            at = bisect_left(named, day - first + 1)
            if at < len(named):
                return first + named[at] - 1
        return None

    def at_or_before(self, day: int) -> int | None:
        """The last named day that is not after `day`; None when there is none since 1970."""
        if self.never or day < 0:
            return None
        if self._daily:
            return day
        start = date.fromordinal(min(day, LAST_DAY) + EPOCH_DAY)
        for index in range(start.year * 12 + start.month - 1, 1970 * 12 - 1, -1):
            first, named = self._month(index)
            at = bisect_right(named, day - first + 1)
            if at:
                return first + named[at - 1] - 1
        return None

    def _month(self, index: int) -> tuple[int, tuple[int, ...]]:
        """The first day of month `index` (year * 12 + month - 1), and its named days, counted from 1."""
        year, month = divmod(index, 12)
        if month + 1 not in self._months or (self._years is not None and year not in self._years):
            return 0, ()
        first, length, weekday = _shape(index)
        return first, self._named(length, weekday)

    def _named(self, length: int, first: int) -> tuple[int, ...]:
        named = self._shapes.get((length, first))
        if named is None:
            by_month = self._month_days.among(length, first)
            by_week = self._week_days.among(length, first)
            # Debian: both must hold when either field begins with *, else one is enough
            both = self._month_days.starred or self._week_days.starred
            named = tuple(sorted(by_month & by_week if both else by_month | by_week))
            self._shapes[length, first] = named
        return named

    def _any(self) -> bool:
        """Whether any day is named, ever: the calendar repeats after 400 years."""
        years = range(1970, 2370) if self._years is None else sorted(self._years)
        return any(self._month(year * 12 + month - 1)[1] for year in years for month in sorted(self._months))


def _workday(day: int, length: int, first: int) -> int:
    """The Monday to Friday nearest to `day` without leaving the month."""
    match (first + day - 1) % 7:
        case 6:  # Saturday
            return day - 1 if day > 1 else 3
        case 0:  # Sunday
            return day + 1 if day < length else day - 2
        case _:
            return day


@lru_cache(maxsize=8192)
def _shape(index: int) -> tuple[int, int, int]:
    """First day, length and first weekday of month `index`."""
    year, month = divmod(index, 12)
    following = date(year + month // 11, (month + 1) % 12 + 1, 1)
    first = date(year, month + 1, 1)
    return first.toordinal() - EPOCH_DAY, (following - first).days, first.isoweekday() % 7
