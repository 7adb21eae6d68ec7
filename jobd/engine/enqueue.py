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


Waiting = tuple[NewRun, str | None, asyncio.Future[int]]
"""A run to add, its arguments as JSON, and who waits for its id."""


class Enqueuer:
    """Adds runs; each call returns when its own run is committed."""

    def __init__(self, runs: Runs, jobs: Mapping[str, Job], queued: Callable[[str], None]) -> None:
        self._runs = runs
        self.jobs = jobs
        self._queued = queued
        self._waiting: list[Waiting] = []
        self._wake = asyncio.Event()

    async def enqueue(self, new: NewRun) -> int:
        """Add one run; its id, when it is committed.

        Raises:
            ArgumentsRefused: they cannot be stored.
            UnknownJob: Postgres does not know the job.
            StoreUnavailable: it is not known whether it was added; an idempotency key makes asking again safe.
        """
        if self._keyed(new):
            run_id, _ = await self.enqueue_keyed(new)
            return run_id
        text = storable(new.args) if new.args else None
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((new, text, future))
        self._wake.set()
        return await future

    def _keyed(self, new: NewRun) -> bool:
        job = self.jobs.get(new.job)
        return new.key is not None or (job is not None and job.unique is not None)

    async def enqueue_keyed(self, new: NewRun) -> tuple[int, bool]:
        """Add one run unless its key, or its job's `unique` rule, has one; (id, whether it is new)."""
        storable(new.args)
        run_id, fresh = await self._runs.enqueue_keyed(new)
        if fresh:
            self._tell([new])
        return run_id, fresh

    async def enqueue_many(self, new: Sequence[NewRun]) -> list[int]:
        """Add many runs, a batch a statement; their ids in the order given. Refusals come before the first.

        Raises:
            ArgumentsRefused, UnknownJob: nothing was added.
            StoreUnavailable: it is not known which batches were added.
        """
        if unknown := {run.job for run in new} - self.jobs.keys():
            raise UnknownJob(f"no such job: {', '.join(sorted(unknown))}")
        texts = [storable(run.args) if run.args else None for run in new]
        if any(self._keyed(run) for run in new):
            return [await self.enqueue(run) for run in new]
        ids: list[int] = []
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            try:
                added = await self._runs.enqueue(batch, texts[start : start + BATCH])
            except REFUSALS as error:
                raise ArgumentsRefused(f"Postgres does not take these runs: {error}") from error
            if None in added:
                raise UnknownJob("a job was removed from the database while its runs were added")
            ids += [run_id for run_id in added if run_id is not None]
            self._tell(batch)
        return ids

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
            for _, _, future in self._waiting:
                if not future.done():
                    future.set_exception(StoreUnavailable("the daemon is stopping; nothing was added"))

    async def _write(self, batch: Sequence[Waiting]) -> None:
        try:
            ids = await self._runs.enqueue([new for new, _, _ in batch], [text for _, text, _ in batch])
        except asyncio.CancelledError:
            for _, _, future in batch:
                if not future.done():
                    future.set_exception(StoreUnavailable("the daemon is stopping; it is not known what was added"))
            raise
        except StoreUnavailable as error:
            for _, _, future in batch:
                if not future.done():
                    future.set_exception(StoreUnavailable(str(error)))
            return
        except REFUSALS as error:
            await self._refused(batch, error)
            return
        for (new, _, future), run_id in zip(batch, ids, strict=True):
            if future.done():
                continue
            if run_id is None:
                future.set_exception(UnknownJob(f'no such job: "{new.job}"'))
            else:
                future.set_result(run_id)
        self._tell([new for new, _, _ in batch])

    async def _refused(self, batch: Sequence[Waiting], error: Exception) -> None:
        """One that Postgres does not take must not fail those that came with it: halve until it stands alone."""
        if len(batch) > 1:
            await self._write(batch[: len(batch) // 2])
            await self._write(batch[len(batch) // 2 :])
        elif not batch[0][2].done():
            batch[0][2].set_exception(ArgumentsRefused(f"Postgres does not take this run: {error}"))

    def _tell(self, new: Sequence[NewRun]) -> None:
        """One word a queue, after the commit; an empty one where runs are due later: then it is time to look again."""
        queues: set[str] = set()
        for run in new:
            if run.due_at is not None and run.due_at > datetime.now(UTC):
                queues.add("")
            elif run.queue is not None:
                queues.add(run.queue)
            elif (job := self.jobs.get(run.job)) is not None:
                queues.add(job.queue)
        for queue in queues:
            self._queued(queue)
