"""Free workers and weights → claimed runs → attempts; as many at a time as will start within some 50 ms.

Woken by a notification, an ending or the once-a-second look; a claim takes what the free workers can start at
once, and where a queue's jobs are known to be short, as much more as they will get through until the next claim.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from jobd.engine.appetite import Appetite
from jobd.engine.loader import LoadedJob
from jobd.engine.loops import Pulse, patiently
from jobd.engine.stride import Stride
from jobd.engine.workers import Workers
from jobd.model.due import Due
from jobd.model.queue import Queue
from jobd.model.run import Claimed, Ending
from jobd.store.runs import Runs

log = logging.getLogger(__name__)

UNSTARTED_SECONDS = 1.0
"""What was claimed ahead and has not started by then goes back."""
MAX_CLAIM = 1000
OLDEST_EVERY = 8
"""Every so many claims of a queue, the run that is due longest goes first whatever its priority."""

Buffered = tuple[int, float, int, Claimed, float]
"""(priority, due, id) order a queue's buffer; then the run and when it was claimed."""


class Dispatcher:
    """Decides what this node runs next."""

    def __init__(
        self,
        *,
        runs: Runs,
        jobs: Mapping[str, LoadedJob],
        runnable: Callable[[], Sequence[str]],
        queues: Sequence[Queue],
        workers: Workers,
        limit: int,
        pulse: Pulse,
    ) -> None:
        self.node = 0
        self._runs = runs
        self._jobs = jobs
        self._runnable = runnable
        self._workers = workers
        self._pulse = pulse
        self.stride = Stride(queues, limit)
        self._appetites = {queue.name: Appetite() for queue in queues}
        self._buffers: dict[str, list[Buffered]] = {queue.name: [] for queue in queues}
        self._buffered = 0
        self._charges: dict[int, float] = {}
        self._hungry: set[str] = set()
        self._paused: frozenset[str] = frozenset()
        self._wake = asyncio.Event()
        self._suspect: int | None = None
        self._suspects_wait = False
        self._claims = 0
        self._claiming = asyncio.Lock()
        self.stopping = False
        self.claim_failed = False

    # What wakes it

    def notice(self, queue: str) -> None:
        """There may be runs in this queue."""
        if queue in self._buffers:
            self._hungry.add(queue)
            self._wake.set()

    def look(self, due: Due) -> None:
        """Take what the look at the database found."""
        self._paused = due.paused
        self._hungry.update(queue for queue in due.queued if queue in self._buffers)
        self._suspects_wait = due.suspects
        if self._hungry or self._suspects_wait:
            self._wake.set()

    def held(self) -> list[int]:
        """Runs claimed but not started."""
        return [entry[2] for buffer in self._buffers.values() for entry in buffer]

    # What starts

    def pump(self) -> None:
        """Start buffered runs while workers are free; ask for more when a buffer runs low."""
        while self._buffered and not self.stopping:
            ready = [name for name, buffer in self._buffers.items() if buffer]
            queue = self.stride.choose(ready)
            if queue is None:
                return
            self._buffered -= 1
            self._start(heapq.heappop(self._buffers[queue])[3], announced=False)
            if self._hungry and len(self._buffers[queue]) < self._appetites[queue].low:
                self._wake.set()

    def _start(self, run: Claimed, *, announced: bool) -> None:
        self._charges[run.id] = self.stride.started(run.queue)
        self._workers.start(run, self._jobs[run.job], self._ended, announced)

    def _ended(self, run: Claimed, took: float) -> None:
        self.stride.ended(run.queue, self._charges.pop(run.id), took)
        self._appetites[run.queue].learn(run.job, took)
        if run.id == self._suspect:
            self._suspect = None
        if self.stopping:
            return
        if self._buffered:
            self.pump()
        if (self._hungry or self._suspects_wait) and self.stride.running + self._buffered < self.stride.workers:
            self._wake.set()

    # What is claimed

    @asynccontextmanager
    async def dispatching(self) -> AsyncIterator[None]:
        """Claim and start runs for the length of the block; a claim that is under way when it ends is awaited."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(patiently("dispatch", self._pulse, self._round, self._wake))
            try:
                yield
            finally:
                self.stopping = True
                async with self._claiming:
                    task.cancel()

    async def _round(self) -> None:
        """Claim what may be claimed now."""
        if self.stopping:
            return
        async with self._claiming:
            await self._claim_all()

    async def _claim_all(self) -> None:
        if self._suspects_wait and self._suspect is None:
            await self._claim_suspect()
        wanted, starts = self._wanted()
        if wanted:
            await self._claim(wanted, starts)

    def _wanted(self) -> tuple[dict[str, int], bool]:
        """How many runs of which queues to claim now, and whether all of them have a worker waiting."""
        free = max(0, self.stride.workers - self.stride.running - self._buffered)
        hungry = self._hungry - self._paused
        wanted = self.stride.share(hungry, free)
        starts = True
        for queue in hungry:
            appetite = self._appetites[queue]
            ahead = appetite.ahead(self.stride.lanes[queue].max) - len(self._buffers[queue])
            if ahead > 0 and len(self._buffers[queue]) <= appetite.low:
                wanted[queue] = min(wanted.get(queue, 0) + ahead, MAX_CLAIM)
                starts = False
        return wanted, starts

    async def _claim(self, wanted: dict[str, int], starts: bool) -> None:
        self._claims += 1
        self.claim_failed = True  # until the answer is here: if it gets lost, `unheld` looks for the rows
        runs = await self._runs.claim(wanted, self._runnable(), self.node, starts=starts)
        if self._claims % OLDEST_EVERY == 0:
            runs += await self._oldest(wanted)
        self.claim_failed = False
        got: dict[str, int] = dict.fromkeys(wanted, 0)
        for run in runs:
            got[run.queue] += 1
        for queue, count in got.items():
            if count < wanted[queue]:
                self._hungry.discard(queue)  # empty for now; a notification or the next look says otherwise
            self._appetites[queue].claimed(run.job for run in runs if run.queue == queue)
        self._take(runs, starts)
        if self._hungry and self.stride.running + self._buffered < self.stride.workers:
            self._wake.set()  # a queue had less than its share: the others may have it

    async def _oldest(self, wanted: Mapping[str, int]) -> list[Claimed]:
        """One run for each queue in which low priorities may be starving."""
        found: list[Claimed] = []
        for queue in wanted:
            if self._appetites[queue].mixed and self.stride.room(queue) > 1:
                found += await self._runs.claim_oldest(queue, self._runnable(), self.node)
        return found

    async def _claim_suspect(self) -> None:
        queues = [queue for queue in self._buffers if queue not in self._paused and self.stride.room(queue)]
        if not queues or self.stride.running + self._buffered >= self.stride.workers:
            return
        runs = await self._runs.claim_suspect(queues, self._runnable(), self.node)
        if not runs:
            self._suspects_wait = False
        for run in runs:
            if self.stopping:
                heapq.heappush(self._buffers[run.queue], (run.priority, run.due, run.id, run, time.monotonic()))
                self._buffered += 1
                continue
            log.warning("trying a suspect run alone", extra={"run": run.id, "job": run.job, "crashes": run.crashes})
            self._suspect = run.id
            self._start(run, announced=True)

    def _take(self, runs: Sequence[Claimed], starts: bool) -> None:
        now = time.monotonic()
        for run in runs:
            appetite = self._appetites[run.queue]
            if run.priority != appetite.priority:
                appetite.mixed, appetite.priority = appetite.priority is not None, run.priority
            if starts and not self._buffered and not self.stopping and self.stride.room(run.queue):
                self._start(run, announced=True)
            else:
                heapq.heappush(self._buffers[run.queue], (run.priority, run.due, run.id, run, now))
                self._buffered += 1
        self.pump()

    # What goes back

    def unstarted(self, older: float = UNSTARTED_SECONDS) -> list[Claimed]:
        """Take out of the buffers what was claimed `older` seconds ago and has not started."""
        before = time.monotonic() - older
        back: list[Claimed] = []
        for queue, buffer in self._buffers.items():
            if any(entry[4] <= before for entry in buffer):
                back += [entry[3] for entry in buffer if entry[4] <= before]
                self._buffers[queue] = kept = [entry for entry in buffer if entry[4] > before]
                heapq.heapify(kept)
                self._appetites[queue].choke()
        self._buffered -= len(back)
        return back
