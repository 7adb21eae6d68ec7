"""The columns of queues: what waits, what runs, what each may have and what it got."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import Cell, Eye, Tone
from jobd.dashboard.words.bars import share_bar, short
from jobd.dashboard.words.sparks import sparkline
from jobd.model.reports import QueueReport
from jobd.model.stats import Minute, StatsReport
from jobd.model.told import distance, length

SLOW_SECONDS = 60.0
STUCK_SECONDS = 600.0
"""A run that waits so long is told of loudly; what is too long for a queue is for its owners to say."""
BAR, SPARK, LONGEST_NAME = 5, 20, 18


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A queue and how it did in the last hour."""

    queue: QueueReport
    share: float | None = None
    """Its part of all weights, from 0 to 1; None while it is paused."""
    worked: float | None = None
    """Its part of all worker time; None when nobody has worked."""
    stats: StatsReport | None = None
    minutes: Sequence[Minute] = ()


def name(row: QueueRow, eye: Eye) -> Cell:
    if row.queue.paused_at is None:
        return row.queue.name, Tone.NAME
    return (f"{eye.pick('‖', '=')} ", Tone.WARN), (row.queue.name, Tone.NAME)


def weight(row: QueueRow, eye: Eye) -> Cell:
    """An operator's own one with a star."""
    if row.queue.weight == row.queue.configured_weight:
        return str(row.queue.weight)
    return f"*{row.queue.weight}", Tone.WARN


def part(share: float | None, eye: Eye) -> Cell:
    """A part of the whole, as a number and a bar."""
    if share is None:
        return "   -", Tone.DIM
    return (f"{share:4.0%} ", Tone.PLAIN), *share_bar(share, eye, width=BAR)


def latency(row: QueueRow, eye: Eye) -> Cell:
    """How long its oldest run has waited."""
    waited = oldest(row.queue, eye)
    if waited is None:
        return "-", Tone.DIM
    tone = Tone.BAD if waited > STUCK_SECONDS else Tone.WARN if waited > SLOW_SECONDS else Tone.PLAIN
    return length(round(waited) if waited >= 1 else waited), tone


def oldest(queue: QueueReport, eye: Eye) -> float | None:
    """Seconds that its oldest run has waited, now."""
    if queue.oldest_due_at is None:
        return queue.oldest_seconds
    return max(0.0, (eye.now - queue.oldest_due_at).total_seconds())


def limits(queue: QueueReport) -> str:
    """In few words; nothing where it may have every worker."""
    told = (
        (f"max {queue.max}", queue.max is not None),
        (f"global {queue.global_max}", queue.global_max is not None),
        (f"reserve {queue.reserve}", queue.reserve > 0),
        ("strict", queue.strict),
    )
    return ", ".join(text for text, holds in told if holds)


def note(row: QueueRow, eye: Eye) -> Cell:
    """What operators did to it."""
    queue = row.queue
    if queue.paused_at is not None:
        reason = f": {queue.pause_reason}," if queue.pause_reason else ""
        until = f", resumes {distance(queue.paused_until, eye.now)}" if queue.paused_until else ""
        return f"paused{reason} by {queue.paused_by or 'somebody'}{until}", Tone.WARN
    if queue.weight == queue.configured_weight:
        return ""
    return f"weight was {queue.configured_weight}, by {queue.weight_by or 'somebody'}", Tone.WARN


def _told(row: QueueRow, eye: Eye) -> Cell:
    """What operators did to it; where they did nothing, its limits."""
    return note(row, eye) or (limits(row.queue), Tone.DIM)


def _share(row: QueueRow, eye: Eye) -> Cell:
    return ("paused", Tone.WARN) if row.queue.paused_at is not None else part(row.share, eye)


def _number(count: object, eye: Eye) -> Cell:
    return (str(count), Tone.PLAIN) if str(count) != "0" else ("0", Tone.DIM)


def _rate(row: QueueRow, eye: Eye) -> Cell:
    rate = row.stats.per_minute if row.stats else 0.0
    return short(rate), Tone.PLAIN if rate else Tone.DIM


NAME: Column[QueueRow] = Column(title="QUEUE", cell=name, width=12, grow=1)
WEIGHT: Column[QueueRow] = Column(title="WEIGHT", cell=weight, width=6, right=True)
SHARE: Column[QueueRow] = Column(title="SHARE", cell=lambda row, eye: _share(row, eye), width=5 + BAR, keep=6)
WORKED: Column[QueueRow] = Column(title="WORKED 1H", cell=lambda row, eye: part(row.worked, eye), width=5 + BAR, keep=6)
QUEUED: Column[QueueRow] = Column(
    title="QUEUED", cell=lambda row, eye: _number(row.queue.queued, eye), width=7, right=True
)
BLOCKED: Column[QueueRow] = Column(
    title="BLOCKED", cell=lambda row, eye: _number(row.queue.blocked, eye), width=7, right=True, keep=4
)
SCHEDULED: Column[QueueRow] = Column(
    title="SCHEDULED", cell=lambda row, eye: _number(row.queue.scheduled, eye), width=9, right=True, keep=5
)
RUNNING: Column[QueueRow] = Column(
    title="RUNNING", cell=lambda row, eye: _number(row.queue.running, eye), width=7, right=True
)
LATENCY: Column[QueueRow] = Column(title="OLDEST", cell=latency, width=7, right=True)
RATE: Column[QueueRow] = Column(title="/MIN", cell=_rate, width=6, right=True, keep=8)
HOUR: Column[QueueRow] = Column(
    title="LAST HOUR", cell=lambda row, eye: sparkline(row.minutes, SPARK, eye), width=SPARK, keep=2
)
NOTE: Column[QueueRow] = Column(title="LIMITS, NOTE", cell=lambda row, eye: _told(row, eye), width=13, grow=4, keep=5)


def columns(rows: Iterable[QueueRow]) -> tuple[Column[QueueRow], ...]:
    """The same ones whatever is paused: a table whose columns come and go is read anew each time."""
    return tuple(_columns(tuple(rows)))


def _columns(rows: Sequence[QueueRow]) -> Iterator[Column[QueueRow]]:
    widest = max((len(row.queue.name) for row in rows), default=0) + len("‖ ")
    yield replace(NAME, width=max(NAME.width, min(LONGEST_NAME, widest)))
    yield from (WEIGHT, SHARE, WORKED, QUEUED, BLOCKED, SCHEDULED, RUNNING, LATENCY, RATE)
    if any(row.minutes for row in rows):
        yield HOUR
    yield NOTE
