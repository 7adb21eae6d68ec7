"""Why a job does not run, or what its runs wait for: the job, its queue, its oldest waiting run and its schedules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from jobd.model.duration import spoken
from jobd.model.reports import Count, LastRun
from jobd.model.run import RunState
from jobd.model.why import (
    Cause,
    Holder,
    NodeFacts,
    QueueFacts,
    Why,
    at_limit,
    because_nobody_fires,
    because_of_nodes,
    because_of_queue,
    because_of_workers,
    held_by,
    instant,
    later,
)
from jobd.model.why_others import LATE
from jobd.model.why_run import JobFacts, Limit, RunFacts, why_run

_DONE_TO = (RunState.CANCELLED, RunState.SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFacts:
    """One of the job's schedules, as far as it says when the next run comes."""

    name: str
    enabled: bool = True
    paused: bool = False
    next_slot: datetime | None = None
    """Absent when it never fires again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMoment:
    """One moment around one job."""

    job: JobFacts
    queue_name: str
    now: datetime
    queue: QueueFacts | None = None
    """Absent when no jobd.toml has it any more."""
    nodes: tuple[NodeFacts, ...] = ()
    holders: tuple[Holder, ...] = ()
    """Running runs of its queue, the longest first."""
    busy: str = ""
    limit: Limit | None = None
    """Over all runs of the job; absent without one."""
    key: str | None = None
    """The argument that its runs are limited by, absent without such a limit; `key_max` is that limit."""
    key_max: int | None = None
    running: int = 0
    queued: Count = field(default_factory=Count)
    scheduled: Count = field(default_factory=Count)
    oldest: RunFacts | None = None
    """Of the queued ones, the one that has been due the longest; absent when none is."""
    ended: tuple[LastRun, ...] = ()
    """Its latest runs that are over, newest first; a few."""
    last_error: str | None = None
    """Of the newest of them, where that failed."""
    schedules: tuple[ScheduleFacts, ...] = ()
    """The next ones to fire first; some of `schedule_count`."""
    schedule_count: int = 0


def why_job(moment: JobMoment) -> Why:
    """The chain of causes for one job: what keeps its runs back, what waits, what runs, and when more come."""
    barriers = list(_barriers(moment))
    told = frozenset(cause.code for cause in barriers)
    causes = [*barriers, *_limits(moment), *_runs(moment, told), *_ended(moment), *_schedules(moment)]
    return Why(subject=f"job {moment.job.name}", state=_state(moment, bool(barriers)), causes=tuple(causes))


def _state(moment: JobMoment, barred: bool) -> str:
    if not moment.job.enabled:
        return "is disabled"
    if moment.queued.count:
        return "waits"
    if barred:
        return "would wait"
    return "runs" if moment.running else "is idle"


def _barriers(moment: JobMoment) -> Iterator[Cause]:
    """What keeps the next run of it from starting, the most lasting first."""
    job, queue = moment.job, moment.queue
    if not job.enabled:
        text = f"it is disabled: {job.disabled_reason or 'in jobd.toml'}"
        yield Cause(code="job_disabled", text=text, mend=f"jobctl jobs {job.name}")
    if queue is None:
        text = f"no jobd.toml has its queue {moment.queue_name} any more"
        yield Cause(code="queue_gone", text=text, mend="jobctl queues")
    elif queue.paused is not None:
        text = queue.paused.text(f"its queue {queue.name}", moment.now)
        yield Cause(code="queue_paused", text=text, mend=f"jobctl queues resume {queue.name}")
    if job.enabled and (cause := because_of_nodes(moment.nodes, moment.queue_name, job.name) or _fullness(moment)):
        yield cause


def _fullness(moment: JobMoment) -> Cause | None:
    """The innermost limit that is full, for it decides."""
    limit, queue, now = moment.limit, moment.queue, moment.now
    if limit is not None and limit.held >= limit.max:
        text = f"it is at its limit of {limit.max}, {held_by(limit.holders, limit.held, now)}"
        return at_limit("limit", text, limit.holders, f"global_max of job {moment.job.name}")
    if queue is None:
        return None
    takers = [node for node in moment.nodes if node.serves and node.knows and node.desired == "running"]
    full = because_of_queue(queue, takers, moment.holders, now, called=f"its queue {queue.name}")
    return full or because_of_workers(takers, queue, moment.busy)


def _limits(moment: JobMoment) -> Iterator[Cause]:
    """Limits of its own that are not in the way now."""
    if moment.limit is not None and moment.limit.held < moment.limit.max:
        yield Cause(code="has_limit", text=f"at most {moment.limit.max} of it run at once")
    if moment.key_max is not None:
        each = f" for each {moment.key}" if moment.key else ""
        yield Cause(code="has_key_limit", text=f"at most {moment.key_max} of it run at once{each}")


def _runs(moment: JobMoment, told: frozenset[str]) -> Iterator[Cause]:
    name, queued, later_ones = moment.job.name, moment.queued, moment.scheduled
    if moment.oldest is not None:
        yield _waiting(moment.oldest, queued, moment.now, told)
    if later_ones.count:
        text = f"{later_ones} {'run of it is' if later_ones.count == 1 else 'runs of it are'} due later"
        yield Cause(code="scheduled", text=text, mend=f"jobctl runs --job {name} --state scheduled")
    if moment.running:
        text = f"{moment.running:,} {'run of it is' if moment.running == 1 else 'runs of it are'} running"
        yield Cause(code="running", text=text, mend=f"jobctl runs --job {name} --state running")
    if moment.oldest is None and not later_ones.count and not moment.running:
        yield Cause(code="empty", text="no run of it waits")


def _ended(moment: JobMoment) -> Iterator[Cause]:
    """How its last runs went; one after the other where they failed."""
    if not moment.ended:
        return
    newest, failed = moment.ended[0], [one.state is RunState.FAILED for one in moment.ended]
    shown, listed = f"jobctl show {newest.id}", f"jobctl runs --job {moment.job.name} --state failed"
    when = f" {spoken(moment.now - newest.finished_at)} ago" if newest.finished_at else ""
    if not failed[0]:
        text = f"its last run {newest.id} {'was ' * (newest.state in _DONE_TO)}{newest.state}{when}"
        some = f", {sum(failed)} of its last {len(failed)} failed" if any(failed) else ""
        yield Cause(code="last", text=f"{text}{some}", mend=listed if some else None)
        return
    error = f": {moment.last_error.strip().partition(chr(10))[0][:300]}" if moment.last_error else ""
    row = next((n for n, one in enumerate(failed) if not one), len(failed))
    runs = f"its last {row} runs failed, run {newest.id}" if row > 1 else f"its last run {newest.id} failed"
    yield Cause(code="last", text=f"{runs}{when}{error}", mend=shown, otherwise=(listed,))


def _waiting(oldest: RunFacts, queued: Count, now: datetime, told: frozenset[str]) -> Cause:
    """How many wait, and what holds the oldest, unless that was said already."""
    run, cause = oldest.run, why_run(oldest).causes[0]
    count = f"{queued} {'run of it is' if queued.count == 1 else 'runs of it are'} waiting"
    because = "" if cause.code in told else f": {cause.text}"
    text = f"{count}, the longest run {run.id} for {spoken(now - run.due_at)}{because}"
    return Cause(code="waiting", text=text, mend=f"jobctl why run {run.id}")


def _schedules(moment: JobMoment) -> Iterator[Cause]:
    nobody = because_nobody_fires(moment.nodes)
    yield from (_schedule(one, moment.now, nobody) for one in moment.schedules)
    if more := moment.schedule_count - len(moment.schedules):
        text = f"{more:,} more {'schedule fires' if more == 1 else 'schedules fire'} it"
        yield Cause(code="more_schedules", text=text, mend="jobctl schedules")
    if not moment.schedule_count:
        yield Cause(code="no_schedule", text="no schedule fires it")


def _schedule(one: ScheduleFacts, now: datetime, nobody: Cause | None) -> Cause:
    name, explain = f"schedule {one.name}", f"jobctl why schedule {one.name}"
    if not one.enabled:
        return Cause(code="schedule_disabled", text=f"{name} is disabled", mend=explain)
    if one.paused:
        return Cause(code="schedule_paused", text=f"{name} is paused", mend=explain)
    if one.next_slot is None:
        return Cause(code="never_again", text=f"{name} has no further slot")
    if nobody and now - one.next_slot < LATE:
        return Cause(code="not_fired", text=f"{name} does not fire, its next slot is {later(one.next_slot, now)}")
    if now - one.next_slot < LATE:
        return Cause(code="next", text=f"{name} fires next {later(one.next_slot, now)}")
    late = f"its slot of {instant(one.next_slot)} is {spoken(now - one.next_slot)} overdue"
    return Cause(code="late", text=f"{name} does not fire: {late}", mend=explain)
