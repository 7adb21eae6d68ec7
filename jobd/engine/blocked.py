"""Runs that wait behind a full limit: an ending here lets the next one start, and what others forgot is made up for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from jobd.engine.hunger import Hunger
from jobd.errors import StoreUnavailable
from jobd.model.due import Due
from jobd.store.runs import Runs

FORGOTTEN_SECONDS = 5.0
BLOCKED_KEYS = 1000


class Blocked:
    """What one node knows of them. `queued` hears of each queue in which some may start."""

    def __init__(self, runs: Runs, hunger: Hunger, queued: Callable[[str], None]) -> None:
        self._runs, self._hunger, self._queued = runs, hunger, queued
        self._freed: set[str] = set()
        self._some = False
        self._looked = 0.0
        self.freed = asyncio.Event()
        """Limits have room for others since attempts have ended here: time for `unblock`."""
        self.forgotten = asyncio.Event()
        """Runs may wait although their limits have room: time for `unblock_all`."""

    def look(self, due: Due) -> None:
        """Take what the look at the database found."""
        # Runs that another node set aside since the last look were not asked for by endings here: catch up, and from
        # time to time in case a node died between an ending and its word.
        if due.blocked and (not self._some or time.monotonic() > self._looked + FORGOTTEN_SECONDS):
            self._looked = time.monotonic()
            self.forgotten.set()
        self._some = due.blocked

    def free(self, keys: Iterable[str]) -> None:
        """Attempts under these limits have ended."""
        # some wait by the last look, or because this node has just set them aside
        if self._some or self._hunger.set_aside:
            self._freed.update(keys)
            self.freed.set()

    async def unblock(self) -> None:
        """Let runs start whose limits have got room by endings here."""
        freed, self._freed = self._freed, set()
        try:
            queues = await self._runs.unblock(sorted(freed))
        except StoreUnavailable:
            self._freed |= freed
            raise
        for queue in queues:
            self._queued(queue)

    async def unblock_all(self) -> None:
        """Let runs start whose limit has room although no ending said so."""
        if keys := await self._runs.blocked_keys(BLOCKED_KEYS):
            for queue in await self._runs.unblock(keys):
                self._queued(queue)
