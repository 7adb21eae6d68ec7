"""The latest events, whoever looked when they came, each with its number and the instant at which it was heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from jobd.client import Event

KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Heard:
    """One event."""

    number: int
    """Counted from 1 without a gap."""
    at: datetime
    event: Event


class Ring:
    """Forgets the oldest."""

    def __init__(self) -> None:
        self._heard: deque[Heard] = deque(maxlen=KEPT)
        self.number = 0
        """Of the latest."""

    def hear(self, event: Event) -> None:
        self.number += 1
        self._heard.append(Heard(self.number, datetime.now(UTC), event))

    def after(self, number: int) -> Sequence[Heard]:
        """What came behind that number and is still known, oldest first."""
        return tuple(islice(self._heard, max(0, len(self._heard) - (self.number - number)), None))
