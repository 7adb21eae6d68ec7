"""What happens, as it happens: a bounded ring that any number of readers follow, each at its own pace.

Nobody's slowness costs memory: a reader that the ring has overtaken is sent away and begins again with a snapshot.
While nobody listens, and a minute after that, `wanted` is false and nothing is written down at all.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

RING = 20_000
"""Events kept: a second and more of the busiest node."""
LINGER_SECONDS = 60.0
"""How long after the last reader has left a new one can still go on where it was."""
COALESCE_SECONDS = 0.05
"""Events that come within this time are sent together."""
KINDS = (
    "run.added",
    "run.started",
    "run.retrying",
    "run.ended",
    "node.joined",
    "node.left",
    "node.lost",
    "change",
    "counts",
    "overflow",
)
"""What there is; `snapshot` comes first of all and is no change."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    number: int
    kind: str
    facts: dict[str, Any]


class Overtaken(Exception):
    """The reader was too slow: what it should have heard next is gone."""


class Feed:
    """The ring. `publish` is cheap, and to be called only while `wanted`."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)
        """Of this process: ids of another one mean nothing here."""
        self.wanted = False
        self.asked = asyncio.Event()
        """Set while somebody listens: whoever looks elsewhere for news waits for it."""
        self._ring: deque[Event] = deque(maxlen=RING)
        self._last = 0
        self._readers = 0
        self._left = 0.0
        self._news = asyncio.Event()
        self._closings = 0

    def publish(self, kind: str, **facts: Any) -> None:
        """Tell everybody who listens, now or within a minute."""
        self._last += 1
        self._ring.append(Event(self._last, kind, facts))
        if not self._news.is_set():
            self._news.set()

    def rest(self) -> None:
        """Forget, when nobody has listened for a minute; whoever looks for news calls this now and then."""
        if not self._readers and time.monotonic() > self._left + LINGER_SECONDS:
            self.wanted = False
            self._ring.clear()
            self.asked.clear()

    def close(self) -> None:
        """A site closes: the stream of everybody who reads now ends."""
        self._closings += 1
        self._news.set()

    def place(self, event_id: str | None) -> int | None:
        """The number behind which a reader with this last id goes on; None when that is not known (any more)."""
        epoch, _, number = (event_id or "").partition("-")
        if epoch != self.epoch or not (number.isascii() and number.isdecimal()) or not self.wanted:
            return None
        at = int(number[:18])
        first = self._ring[0].number if self._ring else self._last + 1
        return at if first - 1 <= at <= self._last else None

    def enter(self) -> int:
        """Begin to listen; where the ring stands now. `leave` ends it."""
        self._readers += 1
        self.wanted = True
        self.asked.set()
        return self._last

    def leave(self) -> None:
        self._readers -= 1
        self._left = time.monotonic()

    async def after(self, number: int, quiet_seconds: float) -> AsyncIterator[Sequence[Event]]:
        """What comes behind `number`, in batches; an empty one when nothing came for `quiet_seconds`.

        Raises:
            Overtaken: what came next is gone from the ring.
        """
        closings = self._closings
        while closings == self._closings:
            batch = self._behind(number)
            if not batch:
                await self._wait(quiet_seconds)
                batch = self._behind(number)
            if closings != self._closings:
                return
            if batch:
                number = batch[-1].number
            yield batch

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
                await asyncio.sleep(COALESCE_SECONDS)
        except TimeoutError:
            return
        self._news.clear()

    def _behind(self, number: int) -> list[Event]:
        if not self._ring or self._last <= number:
            return []
        skip = number + 1 - self._ring[0].number
        if skip < 0:
            raise Overtaken
        return list(itertools.islice(self._ring, skip, None))
