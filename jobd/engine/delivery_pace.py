"""How fast messages leave: so many a second, and none for a while when the mail server is in trouble."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from datetime import timedelta

from jobd.clients.smtp import Deferred, Result

log = logging.getLogger(__name__)

LONGEST_PAUSE = timedelta(minutes=1)


class Pace:
    """Admission of messages, shared by all senders of a node. `rate` is messages a second, 0 for no limit."""

    def __init__(self, rate: float, first_pause: timedelta) -> None:
        self._interval = 1 / rate if rate > 0 else 0.0
        self._first_pause = first_pause
        self._next_start = 0.0
        self._quiet_until = 0.0
        self._troubles = 0

    async def turn(self, stopping: asyncio.Event) -> None:
        """Wait for the right to start one message; returns early when `stopping` is set."""
        while not stopping.is_set():
            now = time.monotonic()
            start = max(now, self._next_start, self._quiet_until)
            self._next_start = start + self._interval
            if start > now:
                with suppress(TimeoutError):
                    async with asyncio.timeout(start - now):
                        await stopping.wait()
            if self._quiet_until <= time.monotonic():  # nobody met trouble meanwhile
                return

    def notice(self, result: Result) -> None:
        """Leave a server in trouble alone, longer each time: it must not spend every message's tries."""
        if not (isinstance(result, Deferred) and result.server):
            self._troubles = 0
            return
        if not self._troubles:
            log.warning("mail server in trouble", extra={"reply": result.reply})
        pause = min(self._first_pause, timedelta(seconds=2 ** min(self._troubles, 6)), LONGEST_PAUSE)
        self._troubles += 1
        self._quiet_until = time.monotonic() + pause.total_seconds()
