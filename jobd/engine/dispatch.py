"""Free workers and weights → claimed runs → attempts; as many at a time as will start within some 50 ms.

Woken by a notification, an ending or the once-a-second look; a claim takes what the free workers can start at
once, and where a queue's jobs are known to be short, as much more as they will get through until the next claim.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from jobd.engine.appetite import Appetite
from jobd.engine.context import AttemptContext
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
MAX_CLAIM = 1000
MAX_LIMITED_CLAIM = 250
"""Claimed runs hold their keys: more would keep other nodes from runs that this one cannot start yet."""
OLDEST_EVERY = 8
"""Every so many claims of a queue, the run that is due longest goes first whatever its priority."""

Buffered = tuple[int, float, int, Claimed, float]
"""(priority, due, id) order a queue's buffer; then the run and when it was claimed."""


def _urgency(run: Claimed) -> tuple[int, float, int]:
    return run.priority, run.due, run.id


def limited(queue: Queue, jobs: Iterable[LoadedJob]) -> bool:
    """Whether runs in this queue can be under a limit that is counted over all nodes."""
    return queue.global_max is not None or any(
        loaded.job.concurrency is not None or loaded.job.global_max is not None for loaded in jobs
    )


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
        self._ready: dict[str, list[Buffered]] = {}
        """The buffers that are not empty; the next run stands at the end of each."""
        self._buffered = 0
        self._hungry: set[str] = set()
        self._limited: set[str] = set()
        self._know(queues)
        self._paused: frozenset[str] = frozenset()
        self.quiet = False
        """Operators want nothing new to begin here; what runs goes on."""
        self._wake = asyncio.Event()
        self._suspect: int | None = None
        self._suspects_wait = False
        self._claims = 0
        self._claiming = asyncio.Lock()
        self._limited_first = False
        self.set_aside = False
        """Runs were set aside behind a full limit since the last look."""
        self.stopping = False
        self.claim_lost = asyncio.Event()
        """A claim was not answered: rows may be ours that nobody here holds."""

    # What wakes it

    def notice(self, queue: str) -> None:
        """There may be runs in this queue."""
        if queue in self._buffers:
            self._hungry.add(queue)
            if self._has_limits[queue]:
                self._limited.add(queue)
            self._wake.set()

    def look(self, due: Due) -> None:
        """Take what the look at the database found."""
        self._paused, self.quiet = due.paused, due.desired != "running"
        self.stride.reweigh(due.weights)
        self._hungry.update(queue for queue in due.queued if queue in self._buffers)
        self._limited.update(queue for queue in due.limited if queue in self._buffers)
        self._suspects_wait = due.suspects
        if self._waiting():
            self._wake.set()

    def _waiting(self) -> bool:
        return bool(self._hungry or self._limited or self._suspects_wait) and not self.quiet

    def held_up(self) -> Collection[str]:
        """Queues with runs that were claimed ahead and must not start now: paused, or this node is quiet."""
        return [queue for queue in self._ready if self.quiet or queue in self._paused]

    async def configure(self, queues: Sequence[Queue]) -> list[Claimed]:
        """Serve these queues from now on; what was claimed of others comes back to be handed on."""
        async with self._claiming:
            gone = self._buffers.keys() - {queue.name for queue in queues}
            back = self.unstarted(0.0, gone)
            for name in gone:
                del self._buffers[name]
            self._hungry -= gone
            self._limited -= gone
            for queue in queues:
                self._buffers.setdefault(queue.name, [])
                self._appetites.setdefault(queue.name, Appetite())
            self._know(queues)
            self.stride.configure(queues)
        return back

    def _know(self, queues: Sequence[Queue]) -> None:
        self._global_max = {queue.name: queue.global_max for queue in queues}
        self._has_limits = {queue.name: limited(queue, self._jobs.values()) for queue in queues}
        self.limits = any(self._has_limits.values())
        """Some run here can be under a limit."""

    def has_global_max(self, queue: str) -> bool:
        """Runs of this queue are counted over all nodes."""
        return self._global_max.get(queue) is not None

    def held(self) -> list[int]:
        """Runs claimed but not started."""
        return [entry[2] for buffer in self._buffers.values() for entry in buffer]

    # What starts

    def pump(self) -> None:
        """Start buffered runs while workers are free; ask for more when a buffer runs low."""
        stride, ready = self.stride, self._ready
        while ready and not self.stopping:
            if len(ready) == 1:  # the usual case needs no comparing
                (queue,) = ready
                if not stride.only(queue):
                    return
            elif (queue := stride.choose(ready) or "") == "":
                return
            buffer = ready[queue]
            entry = buffer.pop()
            self._buffered -= 1
            self._start(entry[3], entry[4], announced=False)
            if not buffer:
                del ready[queue]
            if len(buffer) < self._appetites[queue].low and queue in self._hungry:
                self._wake.set()

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
        if self._buffered:
            self.pump()
        if self.stride.running + self._buffered < self.stride.workers and self._waiting():
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
        if self.stopping or self.quiet:
            return
        async with self._claiming:
            told = set(self._hungry), set(self._limited), self._suspects_wait
            try:
                await self._claim_all()
            except StoreUnavailable:
                self.claim_lost.set()
                self._hungry |= told[0]
                self._limited |= told[1]
                self._suspects_wait |= told[2]
                raise

    async def _claim_all(self) -> None:
        if self._suspects_wait and self._suspect is None:
            await self._claim_suspect()
        # Runs under a limit are claimed apart from the others; taking turns, neither kind starves the other.
        self._limited_first = not self._limited_first
        if self._limited_first:
            await self._claim_under_limits()
        wanted, starts = self._wanted({queue for queue in self._hungry if not self._global_max[queue]})
        if wanted:
            await self._claim(wanted, starts)
        if not self._limited_first:
            await self._claim_under_limits()

    async def _claim_under_limits(self) -> None:
        wanted, starts = self._wanted(self._limited | {queue for queue in self._hungry if self._global_max[queue]})
        for queue, count in wanted.items():
            await self._claim_limited(queue, min(count, MAX_LIMITED_CLAIM), starts)

    def _wanted(self, hungry: set[str]) -> tuple[dict[str, int], bool]:
        """How many runs of which queues to claim now, and whether all of them have a worker waiting."""
        free = max(0, self.stride.workers - self.stride.running - self._buffered)
        hungry = hungry - self._paused
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
        # Forgotten before the question, not after its answer: who adds a run meanwhile says so again, and is heard.
        self._hungry -= wanted.keys()
        runs = await self._oldest(wanted) if self._claims % OLDEST_EVERY == 0 else []
        if rest := Counter(wanted) - Counter(run.queue for run in runs):
            runs += await self._runs.claim(dict(rest), self._runnable(), self.node, starts=starts)
        got: dict[str, int] = dict.fromkeys(wanted, 0)
        for run in runs:
            got[run.queue] += 1
        for queue, count in got.items():
            if count == wanted[queue]:
                self._hungry.add(queue)  # there may be more; a short answer waits for a word or the next look
            self._appetites[queue].claimed(run.job for run in runs if run.queue == queue)
        self._take(runs, starts)
        if self._waiting() and self.stride.running + self._buffered < self.stride.workers:
            self._wake.set()  # a queue had less than its share: the others may have it

    async def _claim_limited(self, queue: str, count: int, starts: bool) -> None:
        """Claim runs of a queue that are under a limit by key, job or queue; those that are full wait their turn."""
        self._limited.discard(queue)
        if self._global_max[queue]:
            self._hungry.discard(queue)
        runs, full = await self._runs.claim_limited(
            queue, count, self._runnable(), self.node, starts=starts, queue_max=self._global_max[queue]
        )
        if full:
            self.set_aside = True
            # after the commit: whoever ended meanwhile could not see what was set aside
            for freed in await self._runs.unblock(full):
                self.notice(freed)
        if full or len(runs) == count:
            self._limited.add(queue)
            if self._global_max[queue]:
                self._hungry.add(queue)
        self._appetites[queue].claimed(run.job for run in runs)
        self._take(runs, starts)

    async def _oldest(self, wanted: Mapping[str, int]) -> list[Claimed]:
        """One run for each queue, instead of its most urgent one: what waits behind a stream of those is not seen."""
        found: list[Claimed] = []
        for queue in wanted:
            if self.stride.room(queue):
                found += await self._runs.claim_oldest(queue, self._runnable(), self.node)
        return found

    async def _claim_suspect(self) -> None:
        queues = [queue for queue in self._buffers if queue not in self._paused and self.stride.room(queue)]
        if not queues or self.stride.running + self._buffered >= self.stride.workers:
            return
        self._suspects_wait = False
        runs = await self._runs.claim_suspect(queues, self._runnable(), self.node, self._global_max)
        if runs:
            self._suspects_wait = True
        for run in runs:
            if self.stopping:
                self._buffer([run], time.monotonic())
                continue
            log.warning("trying a suspect run alone", extra={"run": run.id, "job": run.job, "crashes": run.crashes})
            self._suspect = run.id
            self._start(run, time.monotonic(), announced=True)

    def _take(self, runs: Sequence[Claimed], starts: bool) -> None:
        now = time.monotonic()
        if starts and not self._buffered and not self.stopping:
            left = []
            for run in sorted(runs, key=_urgency):
                if self.stride.room(run.queue):
                    self._start(run, now, announced=True)
                else:
                    left.append(run)
            runs = left
        self._buffer(runs, now)
        self.pump()

    def _buffer(self, runs: Sequence[Claimed], now: float) -> None:
        """Put claimed runs where they wait for a worker, the most urgent at the end."""
        for run in runs:
            queue = run.queue
            self._buffers[queue].append((run.priority, run.due, run.id, run, now))
            self._ready[queue] = self._buffers[queue]
        self._buffered += len(runs)
        for queue in {run.queue for run in runs}:
            self._buffers[queue].sort(reverse=True)

    # What goes back

    def unstarted(self, older: float = UNSTARTED_SECONDS, queues: Collection[str] | None = None) -> list[Claimed]:
        """Take out of the buffers (of `queues`, where some are named) what was claimed `older` seconds ago and has not
        started."""
        before = time.monotonic() - older
        back: list[Claimed] = []
        for queue, buffer in self._buffers.items():
            if (queues is None or queue in queues) and any(entry[4] <= before for entry in buffer):
                back += [entry[3] for entry in buffer if entry[4] <= before]
                buffer[:] = [entry for entry in buffer if entry[4] > before]
                self._appetites[queue].choke()
                if not buffer:
                    self._ready.pop(queue, None)
        self._buffered -= len(back)
        return back

    def withdraw(self, run: int) -> list[Claimed]:
        """Take this one run out of the buffers; nothing where it has started or was never here."""
        for queue, buffer in self._buffers.items():
            for place, entry in enumerate(buffer):
                if entry[2] == run:
                    del buffer[place]
                    self._buffered -= 1
                    if not buffer:
                        self._ready.pop(queue, None)
                    return [entry[3]]
        return []
