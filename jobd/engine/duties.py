"""The small duties of a node: each is one round, repeated by `patiently`; nearly all of them wake only when told."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import timedelta

from jobd.engine.hands import Hands
from jobd.engine.heartbeat import TICK_SECONDS, Heartbeat
from jobd.engine.loops import woken
from jobd.engine.workers import Workers
from jobd.model.settings import KeepSettings, PrivacySettings
from jobd.model.storable import storable_result
from jobd.store.outbox import Outbox
from jobd.store.retention import Retention
from jobd.store.runs import CLAIM_SECONDS, Runs
from jobd.store.scrubbing import Scrubbing

log = logging.getLogger(__name__)

SHOWN_AFTER_SECONDS = 0.5
PROGRESS_EVERY_SECONDS = 0.5
PROGRESS_LIMIT = 4096
"""Bytes of one progress, as JSON."""
PROMOTE_BATCH = 1000
UNHELD_EVERY_SECONDS = 30.0
RETENTION_EVERY_SECONDS = 600.0
AGAIN_SECONDS = 5.0
"""After a lock was in the way of partitions."""
PAUSE_BETWEEN_BATCHES_SECONDS = 0.1
SCRUBBED_AT_MOST = 1000
"""Batches in a round, some minutes: the first one after `[privacy] keep` was set may find months of history."""
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


async def hand_back_unstarted(hands: Hands) -> None:
    """What was claimed ahead and did not start within a second → back to its queue."""
    await asyncio.sleep(0.25)
    hands.give_back()


async def cancel_asked(runs: Runs, node: int, hands: Hands) -> None:
    """Runs of this node whose end was asked for → cancelled."""
    for run, _, reason in await runs.cancelled_here(node):
        working = hands.workers.under_way.get(run)
        if working is None or working.why is None:
            log.info("cancelling run", extra={"run": run, "reason": reason})
            hands.cancel(run)


async def hand_back_unheld(runs: Runs, node: int, hands: Hands, heard: Callable[[str], None]) -> None:
    """Rows that Postgres says are ours and nobody here holds → back: a claim whose answer was lost.

    Only rows are touched that were claimed before twice the time a claim may take, so nothing can be on its way
    between "claimed" and "held" while this looks.
    """
    if await woken(hands.dispatcher.claim_lost, UNHELD_EVERY_SECONDS):
        await asyncio.sleep(2 * CLAIM_SECONDS)
    for queue in await runs.hand_back_unheld(node, hands.held(), timedelta(seconds=2 * CLAIM_SECONDS)):
        log.warning("run handed back, its claim's answer was lost", extra={"queue": queue})
        heard(queue)


async def make_room(retention: Retention) -> bool:
    """Make tomorrow's partitions, which every ending needs; False when somebody was in the way."""
    if made := await retention.make_partitions():
        return made
    await asyncio.sleep(AGAIN_SECONDS)
    return False


async def retain(
    retention: Retention, outbox: Outbox, keep: KeepSettings, scrubbing: Scrubbing, privacy: PrivacySettings
) -> None:
    """Drop, delete and overwrite what is past its age."""
    if not await retention.drop_partitions(keep):
        await asyncio.sleep(AGAIN_SECONDS)
        return
    while await retention.delete_ended(keep) + await retention.delete_keys():
        await asyncio.sleep(PAUSE_BETWEEN_BATCHES_SECONDS)
    while await outbox.delete_old(keep.mail):
        await asyncio.sleep(PAUSE_BETWEEN_BATCHES_SECONDS)
    while await retention.delete_audit(keep) + await retention.delete_bulks(keep):
        await asyncio.sleep(PAUSE_BETWEEN_BATCHES_SECONDS)
    await retention.delete_stats()
    if await scrub(scrubbing, privacy):
        await asyncio.sleep(RETENTION_EVERY_SECONDS)


async def scrub(scrubbing: Scrubbing, privacy: PrivacySettings) -> bool:
    """Overwrite what `[privacy] redact` names and `keep` does not let stay; False when a long round left some."""
    if privacy.keep is None:
        return True
    left = SCRUBBED_AT_MOST
    for batch in (scrubbing.history, scrubbing.outbox):
        while left and await batch(privacy.redact, privacy.keep):
            left -= 1
            await asyncio.sleep(PAUSE_BETWEEN_BATCHES_SECONDS)
    return left > 0


async def keep_time(heartbeat: Heartbeat, workers: Workers, lost: Callable[[], None]) -> None:
    """Tell the heartbeat that the main loop turns, and end the node when its lease can no longer be trusted."""
    heartbeat.main_ticked = before = time.monotonic()
    workers.end_late(before)
    await asyncio.sleep(TICK_SECONDS)
    late = time.monotonic() - before - TICK_SECONDS
    heartbeat.lags.append(late)
    if late > LONGEST_TICK_SECONDS:
        jobs = sorted({w.run.job for w in workers.under_way.values()})
        log.warning("the loop was held up", extra={"seconds": round(late, 2), "jobs": jobs})
    if not heartbeat.trusted:
        lost()
