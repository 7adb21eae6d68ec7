"""Keeps up with the daemon: events as they come, its status behind them, and what is wrong when neither comes.

It never gives up: the last that was known stays, with the reason why nothing newer is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from jobd.client import Client, Event, NotPermitted
from jobd.client.asks import me, stats, status
from jobd.dashboard.live.rates import Rates
from jobd.dashboard.live.ring import Ring
from jobd.dashboard.live.snapshot import Snapshot
from jobd.errors import JobdError

PAINT_SECONDS = 0.25
"""At most four paints a second, however much happens."""
STATUS_SECONDS = 1.0
"""The status is asked for no more often than this while something happens, …"""
IDLE_SECONDS = 5.0
"""… and so often when nothing does: who has died tells nobody."""
MOST = 2_000
"""Events that one News carries: more is too much to look at one by one."""


class Feed:
    """`told(events, dropped)` hears what happened, `changed()` that `snapshot` is another one."""

    def __init__(
        self, client: Client, told: Callable[[Sequence[Event], int], None], changed: Callable[[], None]
    ) -> None:
        self._client, self._told, self._changed = client, told, changed
        self.snapshot = Snapshot()
        self.rates = Rates()
        self.ring = Ring()
        self._events: list[Event] = []
        self._dropped = 0
        self._token: str | None = None
        """The token that the daemon took whoever looks for."""
        self._heard = asyncio.Event()
        self._look = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="feed: listen")
            tasks.create_task(self._tell(), name="feed: tell")
            tasks.create_task(self._watch(), name="feed: watch")

    def look(self) -> None:
        """Ask for the status now: something was just changed here."""
        self._look.set()

    async def _listen(self) -> None:
        while True:
            try:
                async for event in self._client.events():
                    self._hear(event)
            except JobdError as error:
                self._lost(error)
                self._look.set()
            await asyncio.sleep(STATUS_SECONDS)

    def _hear(self, event: Event) -> None:
        if event.kind == "run.ended":
            self.rates.count(str(event.facts.get("state")), datetime.now(UTC))
        if event.kind != "counts":  # every second, and the status tells them
            self.ring.hear(event)
        if len(self._events) < MOST:
            self._events.append(event)
        else:
            self._dropped += 1
        self._heard.set()
        self._look.set()

    async def _tell(self) -> None:
        while True:
            await self._heard.wait()
            self._heard.clear()
            events, self._events = self._events, []
            dropped, self._dropped = self._dropped, 0
            self._told(events, dropped)
            await asyncio.sleep(PAINT_SECONDS)

    async def _watch(self) -> None:
        while True:
            self._look.clear()
            await self._ask()
            await asyncio.sleep(STATUS_SECONDS)
            try:
                async with asyncio.timeout(IDLE_SECONDS - STATUS_SECONDS):
                    await self._look.wait()
            except TimeoutError:
                continue

    async def _ask(self) -> None:
        try:
            if self.snapshot.me is None or self.snapshot.stale:
                who = await self._client.ask(me.shown())
                self._token = who.name if who.name.startswith("token:") else None
                minutes = await self._client.ask(stats.minutes(12))
                self.rates.begin(minutes, datetime.now(UTC))
            else:
                who = self.snapshot.me
            found = await self._client.ask(status.shown())
        except JobdError as error:
            self._lost(error)
            return
        if found.store_error is not None:
            self._set(replace(self.snapshot, me=who, trouble=f"Postgres does not answer: {found.store_error}"))
        else:
            self._set(replace(self.snapshot, me=who, status=found, at=datetime.now(UTC), trouble=None))

    def _lost(self, error: JobdError) -> None:
        lost_right = isinstance(error, NotPermitted)
        revoked = f"{self._token} is let in no more: it is revoked or has expired"
        trouble = revoked if self._token and lost_right else str(error)
        self._set(replace(self.snapshot, trouble=trouble, me=None if lost_right else self.snapshot.me))

    def _set(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._changed()
