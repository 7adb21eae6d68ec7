"""Endings → Postgres: one batch as soon as the one before is down; nothing is lost or doubled on the way."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

import jobd.store.endings as store
from jobd.engine.loops import Patience, Pulse
from jobd.errors import StoreUnavailable
from jobd.model.run import Ending, Outcome
from jobd.store.database import Link

log = logging.getLogger(__name__)

BATCH = 1000
BUSY = 32
LINGER_SECONDS = 0.002
"""While endings come by the dozen, a batch waits so long for more: half the statements, and nobody waits for one."""
UNSTORABLE = "the ending could not be stored as it was: {error}"


class Recorder:
    """Collects endings and writes them down in the order in which they came."""

    def __init__(
        self,
        link: Link,
        pulse: Pulse,
        recorded: Callable[[Sequence[Ending]], None],
        *,
        keyed: bool = True,
        counted: Callable[[store.Tallies], None] = lambda tallies: None,
    ) -> None:
        """`keyed`: some job here is `unique` until its run has ended. `counted` hears what each batch adds up to."""
        self._counted = counted
        self._link = link
        self.keyed = keyed
        self._pulse = pulse
        self._recorded = recorded
        self._waiting: list[Ending] = []
        self._writing: Sequence[Ending] = ()
        self._wake = asyncio.Event()
        self._last = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self.dropped = 0
        """Endings whose lease was gone: their results did not count."""

    def add(self, ending: Ending) -> None:
        """Take an ending; it is held until Postgres has it."""
        if ending.written:
            self._recorded([ending])
            return
        self._waiting.append(ending)
        if not self._wake.is_set():
            self._wake.set()
            self._empty.clear()

    def held(self) -> list[int]:
        """Runs that have ended here but are not recorded yet."""
        return [ending.run.id for ending in (*self._writing, *self._waiting)]

    @property
    def backlog(self) -> int:
        return len(self._waiting) + len(self._writing)

    async def run(self) -> None:
        """Write batch after batch until cancelled."""
        patience = Patience("recorder")
        while True:
            self._pulse.rest("recorder")
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                self._pulse.beat("recorder")
                if self._last >= BUSY and len(self._waiting) < BATCH:
                    await asyncio.sleep(LINGER_SECONDS)
                self._writing, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                self._last = len(self._writing)
                doubt = False
                while self._writing:
                    try:
                        await self._write(self._writing, doubt)
                        self._writing = ()
                    except StoreUnavailable as error:
                        doubt = True
                        await patience.failure(error)
                patience.success()
            self._empty.set()

    async def close(self) -> None:
        await self._link.close()

    async def flushed(self, seconds: float) -> bool:
        """Wait until everything is recorded; False when that did not happen in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def _write(self, endings: Sequence[Ending], doubt: bool) -> None:
        for node in {ending.node for ending in endings}:
            mine = [ending for ending in endings if ending.node == node]
            async with self._link.use() as connection:
                if doubt:
                    # The last try may have come through: what is recorded must not be judged by its lost lease.
                    done = await store.recorded(connection, node, mine)
                    await self._release_keys(connection, [e for e in mine if e.run.id in done and not e.again])
                    self._recorded([ending for ending in mine if ending.run.id in done])
                    mine = [ending for ending in mine if ending.run.id not in done]
                again = [ending for ending in mine if ending.again]
                counts = await self._put_back(connection, node, again) if again else {}
                final = [ending for ending in mine if not ending.again]
                if final or counts:
                    await self._finish(connection, node, final, counts)

    async def _put_back(self, connection: object, node: int, endings: Sequence[Ending]) -> store.Tallies:
        """Send runs back to their queues; what that adds to the counts."""
        try:
            back, cancelled = await store.put_back(connection, node, endings, time.monotonic())
        except store.REFUSALS as error:
            if store.heals(error):
                raise StoreUnavailable(f"endings wait: {error}") from error
            first, second = _halves(endings, error)
            counts = await self._put_back(connection, node, first)
            return store.merge(counts, await self._put_back(connection, node, second)) if second else counts
        for ending in endings:
            if ending.run.id in cancelled:
                # Somebody asked for its end meanwhile: it is among the final ones now.
                ending.again, ending.outcome = False, Outcome.CANCELLED
            elif ending.run.id not in back:
                self._drop(ending)
        gone = [ending for ending in endings if ending.run.id in back]
        self._recorded(gone)
        return store.tally(gone)

    async def _finish(
        self, connection: object, node: int, endings: Sequence[Ending], counts: store.Tallies
    ) -> None:
        """End runs for good, with the minute's counts in the same statement."""
        tallies = store.merge(store.tally(endings), counts)
        try:
            ended = await store.finish(connection, node, endings, tallies, time.monotonic())
        except store.REFUSALS as error:
            if store.heals(error):
                raise StoreUnavailable(f"endings wait: {error}") from error
            if not endings:
                raise
            first, second = _halves(endings, error)
            await self._finish(connection, node, first, counts)
            if second:
                await self._finish(connection, node, second, {})
            return
        if ended is not None:
            refused = [ending for ending in endings if ending.run.id not in ended]
            endings = [ending for ending in endings if ending.run.id in ended]
            for ending in refused:
                self._drop(ending)
            taken_back = store.tally(refused, -1)
            await store.finish(connection, node, [], taken_back, time.monotonic())
            tallies = store.merge(tallies, taken_back)
        self._counted(tallies)
        await self._release_keys(connection, endings)
        self._recorded(endings)

    async def _release_keys(self, connection: object, endings: Sequence[Ending]) -> None:
        if self.keyed and any(ending.run.unique_key is not None for ending in endings):
            await store.release_keys(connection, endings)

    def _drop(self, ending: Ending) -> None:
        self.dropped += 1
        log.warning("result dropped, the lease was lost", extra={"run": ending.run.id, "node": ending.node})


def _halves(endings: Sequence[Ending], error: BaseException) -> tuple[Sequence[Ending], Sequence[Ending]]:
    """A refused batch in two halves; a single ending comes back without what a user wrote into it."""
    if len(endings) > 1:
        return endings[: len(endings) // 2], endings[len(endings) // 2 :]
    if endings[0].traceback == UNSTORABLE:
        raise error
    log.error("ending could not be stored", extra={"run": endings[0].run.id, "error": str(error)})
    return [_placeholder(endings[0], error)], ()


def _placeholder(ending: Ending, error: BaseException) -> Ending:
    """The same ending without what a user wrote into it."""
    ending.result = ending.reason = ending.items = None
    ending.plain = False
    ending.error = UNSTORABLE.format(error=type(error).__name__) if ending.outcome is not Outcome.SUCCEEDED else None
    ending.traceback = UNSTORABLE
    return ending
