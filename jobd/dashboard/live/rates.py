"""How many runs ended well and badly, second by second: counted from events, before that from minutes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobd.model.stats import Minute

SECONDS = 600
MINUTE, SOME = 60, 15
KEPT = 2 * SECONDS
"""Columns end with whole minutes of the clock, so the oldest one begins a little before the ten minutes."""


@dataclass(slots=True)
class Second:
    succeeded: float = 0
    failed: float = 0


class Rates:
    """The last ten minutes."""

    def __init__(self) -> None:
        self._seconds: deque[Second] = deque((Second() for _ in range(KEPT)), maxlen=KEPT)
        self._at = 0
        """The second, since 1970, of the last element."""

    def begin(self, minutes: Iterable[Minute], now: datetime) -> None:
        """What was before anybody listened, each minute spread evenly over its seconds."""
        self._at = int(now.timestamp())
        self._seconds = deque((Second() for _ in range(KEPT)), maxlen=KEPT)
        for minute in minutes:
            passed = max(1, min(60, int((now - minute.minute).total_seconds())))
            for second in range(passed):
                at = minute.minute + timedelta(seconds=second)
                index = KEPT - 1 - (self._at - int(at.timestamp()))
                if 0 <= index < KEPT:
                    self._seconds[index] = Second(minute.succeeded / passed, minute.failed / passed)

    def count(self, state: str, now: datetime) -> None:
        """A run ended just now."""
        self.advance(now)
        if state == "succeeded":
            self._seconds[-1].succeeded += 1
        elif state == "failed":
            self._seconds[-1].failed += 1

    def advance(self, now: datetime) -> None:
        """Seconds in which nothing ended."""
        second = int(now.timestamp())
        for _ in range(min(KEPT, max(0, second - self._at))):
            self._seconds.append(Second())
        self._at = max(self._at, second)

    def columns(self) -> list[tuple[float, float]]:
        """Of each of the last ten minutes, oldest first: succeeded and failed, each a number of runs a second.

        Whole minutes of the clock, for that is how it is known what was before anybody listened: seconds beside them
        would make a jump of what never changed. The minute in hand is one with the last until a part of it has passed
        that says something.
        """
        now = self._at % MINUTE
        ends = [KEPT - 1 - now - MINUTE * ago for ago in range(SECONDS // MINUTE, -1, -1)]
        *whole, end = zip([end - MINUTE for end in ends], ends, strict=True)
        if now < SOME:
            return [self._mean(first, last) for first, last in (*whole[1:], (end[0], KEPT - 1))]
        return [self._mean(first, last) for first, last in (*whole[2:], end, (end[1], KEPT - 1))]

    def latest(self, seconds: int) -> tuple[float, float]:
        """Succeeded and failed a second, of the last whole `seconds`."""
        return self._mean(KEPT - 1 - seconds, KEPT - 1)

    def _mean(self, first: int, end: int) -> tuple[float, float]:
        part = [self._seconds[index] for index in range(first, end)]
        return sum(one.succeeded for one in part) / len(part), sum(one.failed for one in part) / len(part)
