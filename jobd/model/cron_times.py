"""Which times of day a cron expression names: sorted minutes of the day, and seconds within each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache

Numbers = tuple[int, ...]


class Times:
    """The times of day of one expression, in seconds since midnight. Immutable."""

    __slots__ = ("first", "last", "minutes", "seconds")

    def __init__(self, hours: Numbers, minutes: Numbers, seconds: Numbers) -> None:
        self.minutes = tuple(hour * 60 + minute for hour in hours for minute in minutes)
        self.seconds = seconds
        self.first = self.minutes[0] * 60 + seconds[0]
        self.last = self.minutes[-1] * 60 + seconds[-1]

    def at_or_after(self, time: int) -> int | None:
        """The first time that is not before `time`; None when the day has none left."""
        if time > self.last:
            return None
        minute, second = divmod(time, 60)
        at = bisect_left(self.minutes, minute)
        found = self.minutes[at]
        if found > minute:
            return found * 60 + self.seconds[0]
        if second <= self.seconds[-1]:
            return found * 60 + self.seconds[bisect_left(self.seconds, second)]
        return self.minutes[at + 1] * 60 + self.seconds[0]

    def at_or_before(self, time: int) -> int | None:
        """The last time that is not after `time`; None when the day had none yet."""
        if time < self.first:
            return None
        minute, second = divmod(time, 60)
        at = bisect_right(self.minutes, minute) - 1
        found = self.minutes[at]
        if found < minute:
            return found * 60 + self.seconds[-1]
        if second >= self.seconds[0]:
            return found * 60 + self.seconds[bisect_right(self.seconds, second) - 1]
        return self.minutes[at - 1] * 60 + self.seconds[-1]


@lru_cache(maxsize=4096)
def times(hours: Numbers, minutes: Numbers, seconds: Numbers) -> Times:
    """The times of day of these three fields, one object for all expressions that share them."""
    return Times(hours, minutes, seconds)
