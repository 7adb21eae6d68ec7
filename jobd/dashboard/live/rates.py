"""How many runs ended well and badly, a minute: counted from events, before that from the daemon's minutes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from jobd.model.stats import Minute

SECONDS = 600
MINUTE = 60
KEPT = 2 * SECONDS
"""The oldest column begins a minute and a step before the ten minutes."""


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

    def columns(self, width: int) -> list[tuple[float, float]]:
        """At most `width` columns of ten minutes, oldest first: succeeded and failed in the minute before each.

        No more than a minute is known of what was before anybody listened, so that seconds beside it would make a jump
        of what never changed. The last column ends now, the others where steps of the clock do: each stays as it is
        while it moves to the left.
        """
        step = max(1, -(-SECONDS // max(1, width)))
        past = (self._at + 1) % step or step
        ends = [*range(KEPT - past - (SECONDS // step - 2) * step, KEPT - past + 1, step), KEPT]
        good = [*accumulate((second.succeeded for second in self._seconds), initial=0.0)]
        bad = [*accumulate((second.failed for second in self._seconds), initial=0.0)]
        return [(_between(good, end - MINUTE, end), _between(bad, end - MINUTE, end)) for end in ends]


def _between(sums: list[float], first: int, end: int) -> float:
    """Shares of minutes do not add up to the last digit."""
    return round(sums[end] - sums[first], 6)
