"""How fast the gateway is asked: so many requests a second, so many at once, and silence when it says so."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from jobd.clients.paymob.errors import GatewayThrottled

LONGEST_WAIT = timedelta(minutes=1)
"""A longer silence is not waited for: who asks is told at once, and leaves it to the next run."""


class Pace:
    """Admission for every request of one client; safe for any number of callers.

    `rate` is requests a second, 0 for no limit. `backoff` is the first pause after a 429 that does not say
    how long; it doubles with each further one up to `LONGEST_WAIT`, and an answer resets it.
    """

    def __init__(self, rate: float, parallel: int, backoff: timedelta) -> None:
        self._interval = 1 / rate if rate > 0 else 0.0
        self._room = asyncio.Semaphore(max(1, parallel))
        self._backoff = backoff.total_seconds()
        self._next = 0.0
        self._silent_until = 0.0
        self._in_a_row = 0
        self.throttles = 0
        """429 answers since the start."""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the right to send one request and hold it until the answer is read.

        Raises:
            GatewayThrottled: the gateway's own pause is longer than anyone should wait.
        """
        async with self._room:
            await self._spaced()
            yield

    async def _spaced(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            if (silence := self._silent_until - clock()) > LONGEST_WAIT.total_seconds():
                raise GatewayThrottled(silence)
            start = max(clock(), self._next, self._silent_until)
            self._next = start + self._interval
            await asyncio.sleep(start - clock())
            if self._silent_until <= clock():  # nobody was throttled meanwhile
                return

    def answered(self) -> None:
        """The gateway served a request: the next pause starts small again."""
        self._in_a_row = 0

    def throttled(self, retry_after: str | None) -> GatewayThrottled:
        """Stay silent as `Retry-After` asks, or back off with jitter; returns the error to raise."""
        pause = seconds_of(retry_after)
        if pause is None:
            longest = min(self._backoff * 2 ** min(self._in_a_row, 16), LONGEST_WAIT.total_seconds())
            pause = longest * random.uniform(0.5, 1)
        self._in_a_row += 1
        self.throttles += 1
        self._silent_until = max(self._silent_until, asyncio.get_running_loop().time() + pause)
        return GatewayThrottled(pause)


def seconds_of(retry_after: str | None) -> float | None:
    """Seconds that a `Retry-After` header asks for, as a number or a date; None when it says neither."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    if instant.tzinfo is None:  # "-0000": the date is UTC and says that its zone is unknown
        instant = instant.replace(tzinfo=UTC)
    return max(0.0, (instant - datetime.now(UTC)).total_seconds())
