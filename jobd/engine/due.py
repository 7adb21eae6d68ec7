"""One look a second for everybody: ten loops must not mean ten polls. Sleeps until the next instant that matters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from jobd.engine.loops import woken
from jobd.model.due import Due
from jobd.store.look import Look

SOONEST_SECONDS = 0.002


class DueLook:
    """Asks Postgres what is due and hands the answer to whoever has work."""

    def __init__(self, look: Look, queues: Sequence[str], poll: float, told: Callable[[Due], None]) -> None:
        self._look = look
        self.node = 0
        self._queues = list(queues)
        self._poll = poll
        self._told = told
        self._wake = asyncio.Event()
        self.latest: Due | None = None

    def serve(self, queues: Sequence[str]) -> None:
        """Ask for these queues from now on."""
        self._queues = list(queues)
        self.soon()

    def soon(self) -> None:
        """Something was announced: look again now."""
        self._wake.set()

    async def round(self) -> None:
        """Look, tell, and sleep until the next poll or the next due instant, whichever comes first."""
        due = self.latest = await self._look.due(self.node, self._queues)
        self._told(due)
        pause = self._poll
        for instant in (due.next_run, due.next_slot, due.next_mail):
            if instant is not None and 0 < instant < pause:
                pause = max(SOONEST_SECONDS, instant)
        await woken(self._wake, pause)
