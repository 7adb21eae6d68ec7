"""Loops beside a body: owned, supervised, patient with outages."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from jobd.errors import StoreUnavailable

log = logging.getLogger(__name__)

# Longest pause of a loop that waits for Postgres; with jitter, so that ten loops do not knock together.
MAX_BACKOFF_SECONDS = 5.0


@asynccontextmanager
async def running(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run these loops beside the block; they are cancelled when it ends, and one that fails ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop) for loop in loops]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


class Pulse:
    """When each loop last came round: `jobctl status`, /readyz and the watchdog look here."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, float]] = {}

    def beat(self, name: str, limit: float = 30.0) -> None:
        """The loop `name` has come round and will do so again within `limit` seconds."""
        self._last[name] = (time.monotonic(), limit)

    def rest(self, name: str) -> None:
        """The loop `name` has nothing to do until it is woken."""
        self._last[name] = (time.monotonic(), math.inf)

    def forget(self, name: str) -> None:
        """The loop `name` has ended."""
        self._last.pop(name, None)

    def ages(self) -> dict[str, float]:
        """Loop → seconds since it last came round; loops at rest are 0."""
        now = time.monotonic()
        return {name: 0.0 if limit == math.inf else now - last for name, (last, limit) in self._last.items()}

    def overdue(self) -> list[str]:
        """Loops that should have come round by now."""
        now = time.monotonic()
        return [name for name, (last, limit) in self._last.items() if now - last > limit]


class Patience:
    """Pauses of a loop while Postgres is away: jitter, up to 5 s; a log line when it goes, one when it is back."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._failures = 0

    @property
    def waiting(self) -> bool:
        return self._failures > 0

    def success(self) -> None:
        if self._failures:
            log.info("loop goes on", extra={"loop": self._name, "failures": self._failures})
            self._failures = 0

    async def failure(self, error: StoreUnavailable) -> None:
        """Wait as long as the number of failures in a row asks for."""
        if not self._failures:
            log.warning("loop waits for Postgres", extra={"loop": self._name, "error": str(error)})
        self._failures += 1
        ceiling = min(MAX_BACKOFF_SECONDS, 0.1 * 2 ** min(self._failures, 10))
        await asyncio.sleep(random.uniform(ceiling / 2, ceiling))


async def patiently(
    name: str,
    pulse: Pulse,
    round_: Callable[[], Awaitable[object]],
    wake: asyncio.Event | None = None,
    limit: float = 30.0,
) -> None:
    """Do `round_` again and again until cancelled, and wait through outages.

    With `wake` a round begins whenever that event is set, else the round itself decides how long it takes;
    `limit` is how many seconds that may be before the loop counts as stuck.
    """
    patience = Patience(name)
    try:
        while True:
            if wake is not None:
                pulse.rest(name)
                await wake.wait()
                wake.clear()
            pulse.beat(name, limit)
            try:
                await round_()
            except StoreUnavailable as error:
                if wake is not None:
                    wake.set()  # what it was woken for is still to be done
                await patience.failure(error)
            else:
                patience.success()
    finally:
        pulse.forget(name)


async def woken(event: asyncio.Event, seconds: float) -> bool:
    """Wait for `event` at most so long, and clear it; True when it was set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    event.clear()
    return True
