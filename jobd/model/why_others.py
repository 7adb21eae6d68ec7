"""Why a queue does not move and why a schedule does not fire; or when they will."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobd.model.duration import spoken
from jobd.model.reports import Count, ScheduleReport
from jobd.model.why import (
    Cause,
    Holder,
    NodeFacts,
    Pause,
    QueueFacts,
    Why,
    because_nobody_fires,
    because_of_nodes,
    because_of_queue,
    because_of_workers,
    instant,
    later,
)

LATE = timedelta(seconds=5)
"""A slot that is older and has not been dealt with means that nobody fires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMoment:
    """One moment around one queue."""

    queue: QueueFacts
    now: datetime
    queued: Count
    blocked: Count
    oldest_seconds: float | None = None
    nodes: tuple[NodeFacts, ...] = ()
    holders: tuple[Holder, ...] = ()
    busy: str = ""


def why_queue(moment: QueueMoment) -> Why:
    """The chain of causes for one queue."""
    queue, waiting = moment.queue, moment.queued.count > 0
    barriers = [cause for cause in _queue_causes(moment) if cause is not None]
    told = {"queue_max", "queue_global_max", "workers_busy"} & {cause.code for cause in barriers}
    causes = [*barriers, *(() if told else _running(moment))]
    if waiting:
        oldest = spoken(timedelta(seconds=moment.oldest_seconds or 0))
        text = f"{moment.queued} {_runs(moment.queued.count)} waiting, the longest for {oldest}"
        causes.append(Cause(code="waiting", text=text))
    elif not causes:
        causes.append(Cause(code="empty", text="nothing waits in it"))
    return Why(subject=f"queue {queue.name}", state=_state(moment, bool(barriers)), causes=tuple(causes))


def _state(moment: QueueMoment, barred: bool) -> str:
    if moment.queue.paused:
        return "stands"
    if moment.queued.count:
        return "waits" if barred else "moves"
    return "works" if moment.queue.running else "is idle"


def _running(moment: QueueMoment) -> Iterator[Cause]:
    """What runs in it."""
    if not (count := moment.queue.running):
        return
    held = f"{count:,} {_runs(count)} running"
    named = f", the longest {moment.holders[0].text(moment.now)}" if moment.holders else ""
    yield Cause(code="running", text=f"{held}{named}", mend=f"jobctl runs --queue {moment.queue.name} --state running")


def _queue_causes(moment: QueueMoment) -> Iterator[Cause | None]:
    queue, now = moment.queue, moment.now
    if queue.paused is not None:
        mend = f"jobctl queues resume {queue.name}"
        yield Cause(code="queue_paused", text=queue.paused.text("it", now), mend=mend)
    if absent := because_of_nodes(moment.nodes, queue.name, None):
        yield absent
    elif moment.queued.count:
        takers = [node for node in moment.nodes if node.serves and node.desired == "running"]
        full = because_of_queue(queue, takers, moment.holders, now, called="it")
        yield full or because_of_workers(takers, queue, moment.busy)
    if moment.blocked.count:
        text = f"{moment.blocked} of them wait for a limit of their own"
        yield Cause(code="blocked", text=text, mend=f"jobctl runs --queue {queue.name} --state queued")


def _runs(count: int) -> str:
    return "run is" if count == 1 else "runs are"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What was written down about slots that were not fired."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleMoment:
    """One moment around one schedule."""

    schedule: ScheduleReport
    now: datetime
    nodes: tuple[NodeFacts, ...] = ()
    missed: Missed | None = None
    """The latest slots that were missed, when that was after the last one that fired."""
    last_error: str | None = None


def why_schedule(moment: ScheduleMoment) -> Why:
    """The chain of causes for one schedule: what keeps it from firing, when it fires next, how it went last."""
    nobody = because_nobody_fires(moment.nodes)
    causes = [*_schedule_barriers(moment, nobody), *_past(moment)]
    schedule = moment.schedule
    stands = nobody or schedule.paused_at is not None or not schedule.enabled or schedule.next_slot is None
    return Why(subject=f"schedule {schedule.name}", state="does not fire" if stands else "fires", causes=tuple(causes))


def _schedule_barriers(moment: ScheduleMoment, nobody: Cause | None) -> Iterator[Cause]:
    schedule, now = moment.schedule, moment.now
    if nobody:
        yield nobody
    if not schedule.enabled:
        text = f"it is disabled: {schedule.disabled_reason or 'in jobd.toml'}"
        yield Cause(code="schedule_disabled", text=text, mend=f"jobctl jobs {schedule.job}")
    if schedule.paused_at is not None:
        pause = Pause(
            at=schedule.paused_at, by=schedule.paused_by, until=schedule.paused_until, reason=schedule.pause_reason
        )
        yield Cause(code="schedule_paused", text=pause.text("it", now), mend=f"jobctl schedules resume {schedule.name}")
    if schedule.next_slot is None:
        yield Cause(code="never_again", text="it has no further slot")
    elif schedule.enabled and schedule.paused_at is None:
        yield _next(schedule.next_slot, now, nobody)


def _next(slot: datetime, now: datetime, nobody: Cause | None) -> Cause:
    if now - slot < LATE:
        return Cause(code="next", text=f"{'its next slot is' if nobody else 'next'} {later(slot, now)}")
    stuck = "" if nobody else ": every node that is alive is stuck"
    text = f"its slot of {instant(slot)} is {spoken(now - slot)} overdue{stuck}"
    return Cause(code="overdue", text=text, mend="jobctl status")


def _past(moment: ScheduleMoment) -> Iterator[Cause]:
    last, missed = moment.schedule.last, moment.missed
    if missed is not None:
        yield Cause(code="missed", text=f"{missed.reason}, noted {spoken(moment.now - missed.at)} ago")
    if last is None:
        yield Cause(code="no_run", text="no run of it is known" if moment.schedule.last_slot else "it has never fired")
        return
    when = f" {spoken(moment.now - last.finished_at)} ago" if last.finished_at else ""
    error = f": {moment.last_error.strip().partition(chr(10))[0][:300]}" if moment.last_error else ""
    text = f"its last run {last.id} {'is ' if not last.finished_at else ''}{last.state.value}{when}{error}"
    yield Cause(code="last", text=text, mend=f"jobctl why run {last.id}")
