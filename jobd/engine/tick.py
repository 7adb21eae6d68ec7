"""The clock: schedules whose slot has come → one run each, exactly once over all nodes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from jobd.store.schedules import DueSchedule, Move, Schedules

log = logging.getLogger(__name__)

BATCH = 1000
YIELD_EVERY = 50
HERD_SECONDS = 0.5
AHEAD = timedelta(seconds=60)
READ_AHEAD_SECONDS = 30.0
"""Schedules a statement: more would hold the loop for longer than 50 ms while the arrays are encoded."""
INSTANT = timedelta(microseconds=1)

Missed = tuple[str, datetime, str]


async def tick(schedules: Schedules, queued: Callable[[str], None]) -> int:
    """Deal with every schedule that is due; how many fired here. `queued` hears of each queue that got a run.

    Which instant is due is Postgres' business alone; this machine's clock is not asked.
    """
    fired, after, queues = 0, "", set[str]()
    began = time.monotonic()
    while True:
        due, now = await schedules.due(after, BATCH)
        if now is not None:
            after = due[-1].schedule.name
            got = await _fire(schedules, due, now)
            fired += len(got)
            queues.update(got)
        # A herd is written down first and started then: both at once would take longer for the last of them.
        if len(due) < BATCH or time.monotonic() - began > HERD_SECONDS:
            for queue in queues:
                queued(queue)
            queues.clear()
            began = time.monotonic()
        if len(due) < BATCH:
            return fired


async def _fire(schedules: Schedules, due: Sequence[DueSchedule], now: datetime) -> list[str]:
    """Deal with one page of them; the queue of each run that was added."""
    judged: list[tuple[Move, Missed | None]] = []
    for number, one in enumerate(due):
        if number % YIELD_EVERY == 0:
            await asyncio.sleep(0)  # reading a new expression takes 0.3 ms: others have their turn
        try:
            judged.append(judge(one, now))
        except ValueError as error:  # written by another version, or its zone's data is gone
            log.error("schedule disabled", extra={"schedule": one.schedule.name, "error": str(error)})
            await schedules.disable(one.schedule.name, one.version, str(error))
    won = await schedules.fire([move for move, _ in judged])
    if missed := [note for move, note in judged if note is not None and move.name in won]:
        await schedules.note_missed(missed)
        for name, slot, reason in missed:
            log.warning("slots missed", extra={"schedule": name, "slot": slot.isoformat(), "reason": reason})
    return [queue for queue in won.values() if queue is not None]


async def read_ahead(schedules: Schedules) -> None:
    """Read the schedules that are due soon, so that at their instant nothing is left to be parsed."""
    after = ""
    while names := await schedules.read_ahead(after, AHEAD, BATCH):
        after = names
        await asyncio.sleep(0)
    await asyncio.sleep(READ_AHEAD_SECONDS)


def judge(due: DueSchedule, now: datetime) -> tuple[Move, Missed | None]:
    """What to do about one due schedule: the latest slot fires when it is young enough, earlier ones are missed.

    A deploy, an outage or a pause over a slot therefore costs at most lateness; a long stop never causes a storm.
    """
    schedule, cursor = due.schedule, due.next_slot
    following = schedule.next_after(now)
    # nothing between the cursor and now, the usual case: no search for a later slot
    second = schedule.next_after(cursor)
    latest = cursor if second is None or second > now else schedule.latest_between(cursor, now) or cursor
    young = now - latest <= schedule.catch_up_window or (latest == cursor and now - cursor <= timedelta(seconds=5))
    move = Move(
        name=schedule.name, version=due.version, seen=cursor, slot=latest if young else None, next=following
    )
    if young and latest == cursor:
        return move, None
    last = latest if not young else None
    gone = schedule.missed_between(cursor - INSTANT, last or latest - INSTANT)
    if gone is None:
        return move, None
    slots = f"{gone.count}{'+' if gone.more else ''} slots" if gone.count != 1 else "1 slot"
    why = f"older than {schedule.catch_up_window}" if not young else "only the latest one is run"
    return move, (schedule.name, gone.last, f"missed {slots} from {gone.first.isoformat()} on: {why}")
