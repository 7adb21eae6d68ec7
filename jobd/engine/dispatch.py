"""Free workers and weights → claimed runs → attempts; as many at a time as will start within some 50 ms.

Woken by a notification, an ending or the once-a-second look, all of which its hunger has heard of.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

from jobd.engine.appetite import Appetite
from jobd.engine.buffers import Buffers
from jobd.engine.claims import Claims
from jobd.engine.context import AttemptContext
from jobd.engine.hunger import Hunger
from jobd.engine.loader import LoadedJob
from jobd.engine.loops import Pulse, patiently
from jobd.engine.stride import Stride
from jobd.engine.workers import Workers
from jobd.errors import StoreUnavailable
from jobd.model.due import Due
from jobd.model.queue import Queue
from jobd.model.run import Claimed
from jobd.store.runs import Runs

log = logging.getLogger(__name__)

UNSTARTED_SECONDS = 1.0
"""What was claimed ahead and has not started by then goes back."""


def _urgency(run: Claimed) -> tuple[int, float, int]:
    return run.priority, run.due, run.id


class Dispatcher:
    """Decides what this node runs next."""

    def __init__(
        self,
        *,
        runs: Runs,
        jobs: Mapping[str, LoadedJob],
        runnable: Callable[[], Sequence[str]],
        queues: Sequence[Queue],
        hunger: Hunger,
        workers: Workers,
        limit: int,
        pulse: Pulse,
    ) -> None:
        self.hunger = hunger
        self.stride = Stride(queues, limit)
        self.buffers = Buffers([queue.name for queue in queues])
        self._appetites = {queue.name: Appetite() for queue in queues}
        self.claims = Claims(
            runs=runs,
            runnable=runnable,
            hunger=hunger,
            stride=self.stride,
            appetites=self._appetites,
            buffers=self.buffers,
        )
        self._jobs = jobs
        self._workers = workers
        self._pulse = pulse
        self._suspect: int | None = None
        self._claiming = asyncio.Lock()
        self._limited_first = False
        self.stopping = False
        self.claim_lost = asyncio.Event()
        """A claim was not answered: rows may be ours that nobody here holds."""

    def look(self, due: Due) -> None:
        """Take what the look at the database found."""
        self.stride.reweigh(due.weights)
        self.hunger.look(due)

    async def configure(self, queues: Sequence[Queue]) -> list[Claimed]:
        """Serve these queues from now on; what was claimed of others comes back to be handed on."""
        async with self._claiming:
            back = self.buffers.serve([queue.name for queue in queues])
            self._choke(back)
            for queue in queues:
                self._appetites.setdefault(queue.name, Appetite())
            self.hunger.serve(queues)
            self.stride.configure(queues)
        return back

    # What starts

    def pump(self) -> None:
        """Start buffered runs while workers are free; ask for more when a buffer runs low."""
        stride, buffers, ready = self.stride, self.buffers, self.buffers.ready
        while ready and not self.stopping:
            if len(ready) == 1:  # the usual case needs no comparing
                (queue,) = ready
                if not stride.only(queue):
                    return
            elif (queue := stride.choose(ready) or "") == "":
                return
            buffer = ready[queue]
            entry = buffer.pop()
            buffers.count -= 1
            self._start(entry[3], entry[4], announced=False)
            if not buffer:
                del ready[queue]
            if len(buffer) < self._appetites[queue].low and queue in self.hunger.queues:
                self.hunger.wake.set()

    def _start(self, run: Claimed, claimed: float, *, announced: bool) -> None:
        self._workers.start(run, self._jobs[run.job], claimed, self.stride.started(run.queue), announced)

    def ended(self, attempt: AttemptContext, took: float) -> None:
        """An attempt's worker is free again."""
        run = attempt.run
        queue = run.queue
        self.stride.ended(queue, attempt.charged, took)
        self._appetites[queue].learn(run.job, took)
        if run.id == self._suspect:
            self._suspect = None
        if self.stopping:
            return
        if self.buffers.count:
            self.pump()
        if self.stride.running + self.buffers.count < self.stride.workers and self.hunger.waiting():
            self.hunger.wake.set()

    # What is claimed

    @asynccontextmanager
    async def dispatching(self) -> AsyncIterator[None]:
        """Claim and start runs for the length of the block; a claim that is under way when it ends is awaited."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(patiently("dispatch", self._pulse, self._round, self.hunger.wake))
            try:
                yield
            finally:
                self.stopping = True
                async with self._claiming:
                    task.cancel()

    async def _round(self) -> None:
        """Claim what may be claimed now."""
        if self.stopping or self.hunger.quiet:
            return
        async with self._claiming:
            told = self.hunger.told()
            try:
                await self._claim_all()
            except StoreUnavailable:
                self.claim_lost.set()
                self.hunger.remember(told)
                raise

    async def _claim_all(self) -> None:
        if self.hunger.suspects_wait and self._suspect is None:
            self._take_suspects(await self.claims.suspects())
        # Runs under a limit are claimed apart from the others; taking turns, neither kind starves the other.
        self._limited_first = not self._limited_first
        if self._limited_first:
            await self._claim_under_limits()
        await self._claim_plain()
        if not self._limited_first:
            await self._claim_under_limits()

    async def _claim_plain(self) -> None:
        hunger = self.hunger
        wanted, starts = self.claims.wanted({queue for queue in hunger.queues if not hunger.global_max[queue]})
        if not wanted:
            return
        self._take(await self.claims.plain(wanted, starts), starts)
        if hunger.waiting() and self.stride.running + self.buffers.count < self.stride.workers:
            hunger.wake.set()  # a queue had less than its share: the others may have it

    async def _claim_under_limits(self) -> None:
        hunger = self.hunger
        counted = {queue for queue in hunger.queues if hunger.global_max[queue]}
        wanted, starts = self.claims.wanted(hunger.limited | counted)
        for queue, count in wanted.items():
            self._take(await self.claims.limited(queue, count, starts), starts)

    def _take(self, runs: Sequence[Claimed], starts: bool) -> None:
        now = time.monotonic()
        if starts and not self.buffers.count and not self.stopping:
            left = []
            for run in sorted(runs, key=_urgency):
                if self.stride.room(run.queue):
                    self._start(run, now, announced=True)
                else:
                    left.append(run)
            runs = left
        self.buffers.put(runs, now)
        self.pump()

    def _take_suspects(self, runs: Sequence[Claimed]) -> None:
        for run in runs:
            if self.stopping:
                self.buffers.put([run], time.monotonic())
                continue
            log.warning("trying a suspect run alone", extra={"run": run.id, "job": run.job, "crashes": run.crashes})
            self._suspect = run.id
            self._start(run, time.monotonic(), announced=True)

    # What goes back

    def held_up(self) -> Collection[str]:
        """Queues with runs that were claimed ahead and must not start now: paused, or this node is quiet."""
        return [queue for queue in self.buffers.ready if self.hunger.quiet or queue in self.hunger.paused]

    def unstarted(self, older: float = UNSTARTED_SECONDS, queues: Collection[str] | None = None) -> list[Claimed]:
        """Take out of the buffers (of `queues`, where some are named) what was claimed `older` seconds ago and has not
        started."""
        back = self.buffers.take_back(older, queues)
        self._choke(back)
        return back

    def _choke(self, back: Sequence[Claimed]) -> None:
        for queue in {run.queue for run in back}:
            self._appetites[queue].choke()
