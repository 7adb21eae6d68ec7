"""How many runs of which queues to take from Postgres now, and the taking: plain, under limits, the oldest, suspects.

A claim takes what the free workers can start at once, and where a queue's jobs are known to be short, as much more as
they will get through until the next claim.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from jobd.engine.appetite import Appetite
from jobd.engine.buffers import Buffers
from jobd.engine.hunger import Hunger
from jobd.engine.stride import Stride
from jobd.model.run import Claimed
from jobd.store.runs import Runs

MAX_CLAIM = 1000
MAX_LIMITED_CLAIM = 250
"""Claimed runs hold their keys: more would keep other nodes from runs that this one cannot start yet."""
OLDEST_EVERY = 8
"""Every so many claims of a queue, the run that is due longest goes first whatever its priority."""


class Claims:
    """One node's. What it returns is leased to `node` and must be started or given back."""

    def __init__(
        self,
        *,
        runs: Runs,
        runnable: Callable[[], Sequence[str]],
        hunger: Hunger,
        stride: Stride,
        appetites: Mapping[str, Appetite],
        buffers: Buffers,
    ) -> None:
        self.node = 0
        self._runs = runs
        self._runnable = runnable
        self._hunger = hunger
        self._stride = stride
        self._appetites = appetites
        self._buffers = buffers
        self._claims = 0

    def wanted(self, hungry: set[str]) -> tuple[dict[str, int], bool]:
        """How many runs of which queues to claim now, and whether all of them have a worker waiting."""
        free = max(0, self._stride.workers - self._stride.running - self._buffers.count)
        hungry = hungry - self._hunger.paused
        wanted = self._stride.share(hungry, free)
        starts = True
        for queue in hungry:
            appetite = self._appetites[queue]
            ahead = appetite.ahead(self._stride.lanes[queue].max) - len(self._buffers.queues[queue])
            if ahead > 0 and len(self._buffers.queues[queue]) <= appetite.low:
                wanted[queue] = min(wanted.get(queue, 0) + ahead, MAX_CLAIM)
                starts = False
        return wanted, starts

    async def plain(self, wanted: dict[str, int], starts: bool) -> list[Claimed]:
        """Claim so many runs of these queues, all in one statement; those under a limit are left where they are."""
        self._claims += 1
        # Forgotten before the question, not after its answer: who adds a run meanwhile says so again, and is heard.
        self._hunger.queues -= wanted.keys()
        runs = await self._oldest(wanted) if self._claims % OLDEST_EVERY == 0 else []
        if rest := Counter(wanted) - Counter(run.queue for run in runs):
            runs += await self._runs.claim(dict(rest), self._runnable(), self.node, starts=starts)
        got: dict[str, int] = dict.fromkeys(wanted, 0)
        for run in runs:
            got[run.queue] += 1
        for queue, count in got.items():
            if count == wanted[queue]:
                self._hunger.queues.add(queue)  # there may be more; a short answer waits for a word or the next look
            self._appetites[queue].claimed(run.job for run in runs if run.queue == queue)
        return runs

    async def limited(self, queue: str, count: int, starts: bool) -> list[Claimed]:
        """Claim runs of a queue that are under a limit by key, job or queue; those that are full wait their turn."""
        hunger, count = self._hunger, min(count, MAX_LIMITED_CLAIM)
        queue_max = hunger.global_max[queue]
        hunger.limited.discard(queue)
        if queue_max:
            hunger.queues.discard(queue)
        runs, full = await self._runs.claim_limited(
            queue, count, self._runnable(), self.node, starts=starts, queue_max=queue_max
        )
        if full:
            hunger.set_aside = True
            # after the commit: whoever ended meanwhile could not see what was set aside
            for freed in await self._runs.unblock(full):
                hunger.notice(freed)
        if full or len(runs) == count:
            hunger.limited.add(queue)
            if queue_max:
                hunger.queues.add(queue)
        self._appetites[queue].claimed(run.job for run in runs)
        return runs

    async def suspects(self) -> list[Claimed]:
        """Claim a run that some node died under, when a worker is free for it."""
        room = self._stride.room
        queues = [queue for queue in self._buffers.queues if queue not in self._hunger.paused and room(queue)]
        if not queues or self._stride.running + self._buffers.count >= self._stride.workers:
            return []
        self._hunger.suspects_wait = False
        runs = await self._runs.claim_suspect(queues, self._runnable(), self.node, self._hunger.global_max)
        if runs:
            self._hunger.suspects_wait = True
        return runs

    async def _oldest(self, wanted: Mapping[str, int]) -> list[Claimed]:
        """One run for each queue, instead of its most urgent one: what waits behind a stream of those is not seen."""
        found: list[Claimed] = []
        for queue in wanted:
            if self._stride.room(queue):
                found += await self._runs.claim_oldest(queue, self._runnable(), self.node)
        return found
