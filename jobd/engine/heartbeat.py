"""The heartbeat: a thread with its own loop and its own connection, so that no job can hold it up. It stops last.

It keeps the lease alive, tells how long it may be trusted, holds the lock by which others see this node live,
and vouches for the main loop: one that has stood still for a minute ends the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jobd.store.nodes as nodes
from jobd.errors import StoreRefused, StoreUnavailable
from jobd.store.database import close, connect

log = logging.getLogger(__name__)

MARGIN_SECONDS = 2.0
"""A node stops trusting its lease this long before it ends: time to cancel what runs."""
STANDSTILL_SECONDS = 60.0
TICK_SECONDS = 0.25
"""How often the main loop says that it turns."""
TICKS_TOLD = 60
"""Of so many the worst lag is beaten out: some fifteen seconds, as long as people take to look."""


class Heartbeat:
    """One node's. `start` joins, `stop` leaves; in between the main loop only reads attributes."""

    def __init__(self, url: str, identity: nodes.Identity, lost: Callable[[], None]) -> None:
        self._url = url
        self._identity = identity
        self._lost = lost
        self._main = asyncio.get_running_loop()
        self._joined: asyncio.Future[int] = self._main.create_future()
        self._stop = threading.Event()
        self._wake: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._interval = identity.lease.total_seconds() / 3
        self._margin = min(MARGIN_SECONDS, identity.lease.total_seconds() / 5)
        self._holds = identity.direct
        self.node = 0
        self.state = "running"
        self.trusted_until = 0.0
        """Monotonic; past it the node ends its own attempts, whatever the database says."""
        self.main_ticked = time.monotonic()
        self.lags: deque[float] = deque(maxlen=TICKS_TOLD)
        """Seconds by which the main loop's latest ticks came late."""
        self.skew_seconds = 0.0
        """This machine's clock minus Postgres' clock, by the last beat."""
        self.beats = 0

    async def start(self) -> int:
        """Join as a new node; its id.

        Raises:
            StoreUnavailable: Postgres could not be reached.
        """
        self._thread.start()
        self.node = await asyncio.shield(self._joined)
        return self.node

    async def stop(self) -> None:
        """Beat no more. The node's row is left to the caller."""
        self._stop.set()
        self._wake()
        while self._thread.is_alive():
            await asyncio.sleep(0.01)

    @property
    def trusted(self) -> bool:
        return time.monotonic() < self.trusted_until

    @property
    def trusted_seconds(self) -> float:
        """How much longer this node may work without another beat."""
        return max(0.0, self.trusted_until - time.monotonic())

    def show(self, state: str) -> None:
        """What this node does, for people to see: beaten out at once when it is new."""
        if state != self.state:
            self.state = state
            self._wake()

    # What follows runs in the thread.

    def _run(self) -> None:
        asyncio.run(self._live())

    async def _live(self) -> None:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: _set(loop, woken)
        try:
            connection, before = await self._open(woken), time.monotonic()
            self.node = await nodes.join(connection, self._identity)
        except StoreRefused as error:
            self._main.call_soon_threadsafe(self._joined.set_exception, error)
            return
        except (StoreUnavailable, *nodes.LOST) as error:
            failure = StoreUnavailable(f"this node could not join: {error}")
            self._main.call_soon_threadsafe(self._joined.set_exception, failure)
            return
        self._trust(before)
        self._main.call_soon_threadsafe(self._joined.set_result, self.node)
        await self._beat_on(connection, woken)

    async def _open(self, woken: asyncio.Event) -> Any:
        """A connection whose end wakes the heartbeat: whoever only lost that must beat again at once."""
        connection = await connect(self._url, application="jobd heartbeat", statement_timeout=timedelta(seconds=5))
        connection.add_termination_listener(lambda _: woken.set())
        return connection

    async def _beat_on(self, connection: Any, woken: asyncio.Event) -> None:
        pause = self._interval
        while not self._stop.is_set():
            self._watch_main_loop()
            try:
                async with asyncio.timeout(pause):
                    await woken.wait()
                    woken.clear()
            except TimeoutError:
                pass
            if self._stop.is_set():
                break
            try:
                async with asyncio.timeout(self._interval):
                    if connection is None:
                        connection, self._holds = await self._open(woken), False
                    if not await self._beat(connection):
                        self._main.call_soon_threadsafe(self._lost)
                        break
                pause = self._interval
            except (StoreUnavailable, StoreRefused, *nodes.LOST) as error:
                log.warning("heartbeat missed", extra={"node": self.node, "error": str(error) or type(error).__name__})
                if connection is not None:
                    connection.terminate()
                    # A node that only lost its connection beats again at once: the others give it two seconds.
                    connection, pause = None, 0.05
                else:
                    pause = min(1.0, pause * 2)
        if connection is not None:
            await close(connection)

    async def _beat(self, connection: Any) -> bool:
        before = time.monotonic()
        if self._identity.direct and not self._holds:
            # The server may take a while to see that an old session is dead: no reason to miss a beat.
            self._holds = await nodes.try_hold(connection, self.node)
        lease, lag = self._identity.lease, timedelta(seconds=self._lag(before))
        now = await nodes.beat(connection, self.node, lease, self.state, direct=self._holds, lag=lag)
        if now is None:
            return False
        self.skew_seconds = time.time() - now
        self.beats += 1
        self._trust(before)
        return True

    def _lag(self, now: float) -> float:
        """The worst of the latest ticks, or of the one that is overdue now."""
        return max(0.0, now - self.main_ticked - TICK_SECONDS, *self.lags.copy())  # in one step: main goes on adding

    def _trust(self, before: float) -> None:
        self.trusted_until = before + self._identity.lease.total_seconds() - self._margin

    def _watch_main_loop(self) -> None:
        """A lease must not outlive the loop that does the work: all stacks to stderr, then out."""
        still = time.monotonic() - self.main_ticked
        if still > STANDSTILL_SECONDS:
            log.critical("main loop stands still, ending the process", extra={"seconds": round(still)})
            faulthandler.dump_traceback(file=2, all_threads=True)
            os._exit(70)


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the thread's loop has closed: it needs no waking
        loop.call_soon_threadsafe(event.set)
