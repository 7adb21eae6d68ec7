"""Who waits for the end of which run: one question a second for everybody, however many wait."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from jobd.errors import StoreUnavailable
from jobd.store.run_pages import RunPages

LOOK_EVERY = 1.0
"""Seconds; endings on this node are announced and waited for no longer than that takes."""


class Endings:
    """Wakes waiters when their run is over, wherever it ran."""

    def __init__(self, runs: RunPages) -> None:
        self._runs = runs
        self._waiters: Counter[int] = Counter()
        self._over: dict[int, asyncio.Event] = {}
        self._wanted = asyncio.Event()

    @property
    def waited_for(self) -> bool:
        """Somebody waits for some run."""
        return bool(self._over)

    async def until_ended(self, run_id: int, seconds: float) -> None:
        """Returns when the run has ended, or after `seconds`."""
        over = self._over.setdefault(run_id, asyncio.Event())
        self._waiters[run_id] += 1
        self._wanted.set()
        try:
            async with asyncio.timeout(seconds):
                await over.wait()
        except TimeoutError:
            return
        finally:
            self._leave(run_id)

    def announce(self, run_ids: Iterable[int]) -> None:
        """These runs are over: wakes their waiters at once."""
        for run_id in run_ids:
            if over := self._over.get(run_id):
                over.set()

    def close(self) -> None:
        """The daemon stops: nobody is kept waiting for what it will not see."""
        self.announce(list(self._over))

    async def look(self) -> None:
        """Asks Postgres about all runs that are waited for, once a second; goes on until cancelled."""
        while True:
            await self._wanted.wait()
            with suppress(StoreUnavailable):  # the waiters have a time limit of their own, and Postgres comes back
                self.announce(await self._runs.ended(self._over))
            await asyncio.sleep(LOOK_EVERY)

    def _leave(self, run_id: int) -> None:
        self._waiters[run_id] -= 1
        if not self._waiters[run_id]:
            del self._waiters[run_id], self._over[run_id]
        if not self._over:
            self._wanted.clear()
