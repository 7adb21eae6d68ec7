"""Enqueues of one daemon, coalesced: whoever comes while an INSERT is under way goes with the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from jobd.errors import ArgumentsRefused, StoreUnavailable, UnknownJob
from jobd.model.job import Job
from jobd.model.run import NewRun
from jobd.model.storable import storable
from jobd.store.endings import REFUSALS
from jobd.store.runs import Runs

BATCH = 2000


class Enqueuer:
    """Adds runs; each call returns when its own run is committed."""

    def __init__(self, runs: Runs, jobs: Mapping[str, Job], queued: Callable[[str], None]) -> None:
        self._runs = runs
        self._jobs = jobs
        self._queued = queued
        self._waiting: list[tuple[NewRun, asyncio.Future[int]]] = []
        self._wake = asyncio.Event()

    async def enqueue(self, new: NewRun) -> int:
        """Add one run; its id, when it is committed.

        Raises:
            ArgumentsRefused: they cannot be stored.
            UnknownJob: Postgres does not know the job.
            StoreUnavailable: it is not known whether it was added; an idempotency key makes asking again safe.
        """
        storable(new.args)
        job = self._jobs.get(new.job)
        if new.key is not None or (job is not None and job.unique is not None):
            run_id, _ = await self.enqueue_keyed(new)
            return run_id
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((new, future))
        self._wake.set()
        return await future

    async def enqueue_keyed(self, new: NewRun) -> tuple[int, bool]:
        """Add one run unless its key, or its job's `unique` rule, has one; (id, whether it is new)."""
        storable(new.args)
        run_id, fresh = await self._runs.enqueue_keyed(new)
        if fresh:
            self._tell([new])
        return run_id, fresh

    async def enqueue_many(self, new: Sequence[NewRun]) -> list[int]:
        """Add many runs, a batch a statement; their ids in the order given."""
        for run in new:
            storable(run.args)
        futures = []
        loop = asyncio.get_running_loop()
        for run in new:
            future: asyncio.Future[int] = loop.create_future()
            self._waiting.append((run, future))
            futures.append(future)
        self._wake.set()
        return list(await asyncio.gather(*futures))

    async def run(self) -> None:
        """Write what waits, batch after batch, until cancelled."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                    await self._write(batch)
        finally:
            for _, future in self._waiting:
                if not future.done():
                    future.set_exception(StoreUnavailable("the daemon is stopping; nothing was added"))

    async def _write(self, batch: Sequence[tuple[NewRun, asyncio.Future[int]]]) -> None:
        try:
            ids = await self._runs.enqueue([new for new, _ in batch])
        except asyncio.CancelledError:
            for _, future in batch:
                if not future.done():
                    future.set_exception(StoreUnavailable("the daemon is stopping; it is not known what was added"))
            raise
        except StoreUnavailable as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(StoreUnavailable(str(error)))
            return
        except REFUSALS as error:
            await self._refused(batch, error)
            return
        for (new, future), run_id in zip(batch, ids, strict=True):
            if future.done():
                continue
            if run_id is None:
                future.set_exception(UnknownJob(f'no such job: "{new.job}"'))
            else:
                future.set_result(run_id)
        self._tell([new for new, _ in batch])

    async def _refused(self, batch: Sequence[tuple[NewRun, asyncio.Future[int]]], error: Exception) -> None:
        """One that Postgres does not take must not fail those that came with it: halve until it stands alone."""
        if len(batch) > 1:
            await self._write(batch[: len(batch) // 2])
            await self._write(batch[len(batch) // 2 :])
        elif not batch[0][1].done():
            batch[0][1].set_exception(ArgumentsRefused(f"Postgres does not take this run: {error}"))

    def _tell(self, new: Sequence[NewRun]) -> None:
        """One word a queue, after the commit."""
        now = datetime.now(UTC)
        queues = {new_run.queue or self._jobs[new_run.job].queue for new_run in new if new_run.job in self._jobs}
        if any(new_run.due_at is not None and new_run.due_at > now for new_run in new):
            queues.add("")  # due later: whoever looks should look again
        for queue in queues:
            self._queued(queue)
