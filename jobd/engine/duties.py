"""The small duties of a node: each is one round, repeated by `patiently`; nearly all of them wake only when told."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Protocol

from jobd.engine.dispatch import Dispatcher
from jobd.engine.heartbeat import Heartbeat
from jobd.engine.loops import woken
from jobd.engine.recorder import Recorder
from jobd.engine.workers import Workers
from jobd.model.run import Claimed, Ending, Outcome
from jobd.model.settings import KeepSettings
from jobd.model.storable import storable_result
from jobd.store.outbox import Outbox
from jobd.store.retention import Retention
from jobd.store.runs import CLAIM_SECONDS, Runs

log = logging.getLogger(__name__)

SHOWN_AFTER_SECONDS = 0.5
PROGRESS_EVERY_SECONDS = 0.5
PROGRESS_LIMIT = 4096
"""Bytes of one progress, as JSON."""
PROMOTE_BATCH = 1000
UNHELD_EVERY_SECONDS = 30.0
BLOCKED_KEYS = 1000
RETENTION_EVERY_SECONDS = 600.0
PAUSE_BETWEEN_BATCHES_SECONDS = 0.1
LONGEST_TICK_SECONDS = 1.0


async def promote_due(runs: Runs, queued: Callable[[str], None]) -> None:
    """Scheduled runs that are due → queued."""
    while moved := await runs.promote(PROMOTE_BATCH):
        for queue in moved:
            queued(queue)
        if sum(moved.values()) < PROMOTE_BATCH:
            return


async def show_running(runs: Runs, node: int, workers: Workers) -> None:
    """Attempts that were claimed ahead and have run for a while → shown as running; progress → stored."""
    await asyncio.sleep(PROGRESS_EVERY_SECONDS)
    if started := workers.started_since(SHOWN_AFTER_SECONDS):
        now = time.monotonic()
        await runs.mark_started(node, [(c.run.id, c.run.attempt, now - c.started) for c in started])
        for context in started:
            context.announced = True
    moved = [c for c in workers.under_way.values() if c.progressed is not None]
    if moved:
        rows = [(c.run.id, c.run.attempt, storable_result(c.progressed, PROGRESS_LIMIT)) for c in moved]
        for context in moved:
            context.progressed = None
        await runs.record_progress(node, rows)


async def hand_back_unstarted(dispatcher: Dispatcher, recorder: Recorder, node: int) -> None:
    """What was claimed ahead and did not start within a second → back to its queue."""
    await asyncio.sleep(0.25)
    give_back(dispatcher, recorder, node)


def give_back(dispatcher: Dispatcher, recorder: Recorder, node: int, **which: Any) -> None:
    """Send claimed runs that have not started back to their queues; `which` is for `Dispatcher.unstarted`."""
    hand_on(recorder, node, dispatcher.unstarted(**which))


def hand_on(recorder: Recorder, node: int, runs: Iterable[Claimed]) -> None:
    """These claimed runs, which have not started, go back to their queues; it costs them nothing."""
    now = time.monotonic()
    for run in runs:
        ending = Ending(run, node, Outcome.INTERRUPTED, now, 0.0, 0.0)
        ending.again = True
        recorder.add(ending)


class Holder(Protocol):
    """What a node has in its hands."""

    @property
    def dispatcher(self) -> Dispatcher: ...
    @property
    def workers(self) -> Workers: ...
    @property
    def recorder(self) -> Recorder: ...
    def heard(self, queue: str) -> None: ...
    def cancel(self, run: int) -> None: ...


async def cancel_asked(runs: Runs, node: int, holder: Holder) -> None:
    """Runs of this node whose end was asked for → cancelled."""
    for run, _, reason in await runs.cancelled_here(node):
        working = holder.workers.under_way.get(run)
        if working is None or working.why is None:
            log.info("cancelling run", extra={"run": run, "reason": reason})
            holder.cancel(run)


async def hand_back_unheld(runs: Runs, node: int, holder: Holder) -> None:
    """Rows that Postgres says are ours and nobody here holds → back: a claim whose answer was lost.

    Only rows are touched that were claimed before twice the time a claim may take, so nothing can be on its way
    between "claimed" and "held" while this looks.
    """
    if await woken(holder.dispatcher.claim_lost, UNHELD_EVERY_SECONDS):
        await asyncio.sleep(2 * CLAIM_SECONDS)
    held = [*holder.workers.under_way, *holder.dispatcher.held(), *holder.recorder.held()]
    for queue in await runs.hand_back_unheld(node, held, timedelta(seconds=2 * CLAIM_SECONDS)):
        log.warning("run handed back, its claim's answer was lost", extra={"queue": queue})
        holder.heard(queue)


async def unblock_all(runs: Runs) -> list[str]:
    """Let runs start whose limit has room although no ending said so; the queues that have some."""
    keys = await runs.blocked_keys(BLOCKED_KEYS)
    return await runs.unblock(keys) if keys else []


async def retain(retention: Retention, outbox: Outbox, keep: KeepSettings) -> None:
    """Make tomorrow's partitions, drop and delete what is past its age."""
    if not await retention.make_partitions() or not await retention.drop_partitions(keep):
        await asyncio.sleep(5)
        return
    while await retention.delete_ended(keep) + await retention.delete_keys():
        await asyncio.sleep(PAUSE_BETWEEN_BATCHES_SECONDS)
    while await outbox.delete_old(keep.mail):
        await asyncio.sleep(PAUSE_BETWEEN_BATCHES_SECONDS)
    await retention.delete_stats()
    await asyncio.sleep(RETENTION_EVERY_SECONDS)


async def keep_time(heartbeat: Heartbeat, workers: Workers, lost: Callable[[], None]) -> None:
    """Tell the heartbeat that the main loop turns, and end the node when its lease can no longer be trusted."""
    heartbeat.main_ticked = before = time.monotonic()
    workers.end_late(before)
    await asyncio.sleep(0.25)
    late = time.monotonic() - before - 0.25
    if late > LONGEST_TICK_SECONDS:
        jobs = sorted({w.run.job for w in workers.under_way.values()})
        log.warning("the loop was held up", extra={"seconds": round(late, 2), "jobs": jobs})
    if not heartbeat.trusted:
        lost()
