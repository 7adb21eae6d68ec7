"""What is said about one queue: what it may have, what it got, why it stands, and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from jobd.dashboard.lists.queues import QueueRow, oldest
from jobd.dashboard.looks import Bit, Cell, Eye, Tone
from jobd.dashboard.widgets.panel import LABEL, Fact
from jobd.dashboard.words.bars import short
from jobd.dashboard.words.moments import far
from jobd.dashboard.words.shares import ended
from jobd.dashboard.words.sparks import sparkline
from jobd.model.reports import QueueReport
from jobd.model.stats import StatsReport, Times
from jobd.model.told import length
from jobd.model.why import Why


def stands(queue: QueueReport) -> bool:
    """True when something waits or it is paused, so that somebody wonders why."""
    return queue.queued.count > 0 or queue.paused_at is not None


def facts(row: QueueRow, because: Why | None, eye: Eye) -> Iterator[Fact]:
    """Its lines, the most wanted first."""
    queue = row.queue
    if queue.paused_at is not None:
        yield "paused", _paused(queue, eye)
    if stands(queue):
        yield from _why(queue, because, eye)
    yield "holds", _holds(queue)
    yield "weight", _weight(row)
    yield "limits", limits(queue)


def figures(row: QueueRow, eye: Eye, *, width: int) -> Iterator[Cell]:
    """How the last hour went, in lines of `width` cells."""
    stats = row.stats
    yield sparkline(row.minutes, width, eye)
    yield ("an hour ago".ljust(width - 3) + "now", Tone.DIM)
    if stats is None or not ended(stats):
        yield ("nothing ended in the last hour", Tone.DIM)
        return
    failed = Tone.BAD if stats.failed else Tone.DIM
    yield (
        (f"{eye.pick('✓', '+')} {stats.succeeded:,} succeeded", Tone.GOOD),
        (f"  {eye.pick('✗', 'x')} {stats.failed:,} failed", failed),
        (f"  {stats.retried:,} retried", Tone.WARN if stats.retried else Tone.DIM),
    )
    others = [f"{count:,} {name}" for name, count in _others(stats) if count]
    yield ", ".join([f"{short(stats.per_minute)} a minute", *others])
    yield ("waited   ", Tone.DIM), (_times(stats.wait, eye), Tone.PLAIN)
    yield ("ran      ", Tone.DIM), (_times(stats.run, eye), Tone.PLAIN)


def _others(stats: StatsReport) -> tuple[tuple[str, int], ...]:
    """What else ended: without them the rate would be more than what is named."""
    return ("cancelled", stats.cancelled), ("skipped", stats.skipped)


def limits(queue: QueueReport) -> str:
    """What it may have, in words."""
    told = list[str]()
    if queue.max is not None:
        told.append(f"at most {_runs(queue.max)} at once on each node")
    if queue.global_max is not None:
        told.append(f"at most {_runs(queue.global_max)} at once on all nodes together")
    if queue.reserve:
        told.append(f"each node keeps {_workers(queue.reserve)} for it")
    if queue.strict:
        told.append("served before every queue that is not strict")
    return "; ".join(told) or "none: it may have every free worker that is kept for no other queue"


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"


def _workers(count: int) -> str:
    return "1 worker" if count == 1 else f"{count:,} workers"


def _paused(queue: QueueReport, eye: Eye) -> Cell:
    until = f", resumes {far(queue.paused_until, eye.now)}" if queue.paused_until else ", until it is resumed"
    reason = f": {queue.pause_reason}" if queue.pause_reason else ", no reason given"
    return f"{far(queue.paused_at, eye.now)} by {queue.paused_by or 'somebody'}{until}{reason}", Tone.WARN


def _why(queue: QueueReport, because: Why | None, eye: Eye) -> Iterator[Fact]:
    if because is None:
        waited = oldest(queue, eye)
        yield "why", f"{queue.queued} queued, the oldest for {length(round(waited or 0))}"
        return
    for cause in because.causes:
        if cause.code != "queue_paused":  # said above, in the same words
            yield "why", (cause.text, Tone.PLAIN if cause.code in ("waiting", "empty") else Tone.WARN)
        if cause.mend:
            yield "", (f"{' ' * LABEL}$ {cause.mend}", Tone.PLAIN)


def _weight(row: QueueRow) -> Cell:
    queue = row.queue
    promised = f": {row.share:.0%} of worker time when all queues are full" if row.share is not None else ""
    worked = f"; had {row.worked:.0%} in the last hour" if row.worked is not None else ""
    said: Bit = (f"{queue.weight}{promised}{worked}", Tone.PLAIN)
    if queue.weight == queue.configured_weight:
        return said
    reason = f": {queue.weight_reason}" if queue.weight_reason else ""
    return said, (f"; set by {queue.weight_by or 'somebody'}, configured {queue.configured_weight}{reason}", Tone.WARN)


def _holds(queue: QueueReport) -> str:
    blocked = f" ({queue.blocked} of them blocked by a limit of their own)" if queue.blocked.count else ""
    return f"{queue.queued} queued{blocked}, {queue.scheduled} scheduled for later, {queue.running:,} running"


def _times(times: Times, eye: Eye) -> str:
    about = eye.pick("≈", "~")
    return f"{length(times.p50):>6} {about}p50 {length(times.p95):>6} {about}p95"
