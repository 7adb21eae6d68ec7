"""The numbers on top of the home screen, from what the daemon tells of itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jobd.dashboard.live.rates import SECONDS
from jobd.dashboard.looks import Bit, Eye, Tone
from jobd.dashboard.widgets.cards import Card
from jobd.model.reports import Counts, NodeReport, QueueReport
from jobd.model.run import Run
from jobd.model.stats import StatsReport
from jobd.model.status import Status
from jobd.model.told import length

CARDS = 6
LATE_SECONDS = 60.0
"""A run that has waited for so long gets a colour."""


def cards(status: Status, by_queue: Sequence[StatsReport], eye: Eye) -> list[Card]:
    """Six numbers, each with what it is made of."""
    counts = status.counts or Counts()
    return [
        _running(counts, status.nodes or ()),
        _queued(counts, status.queues or ()),
        _scheduled(counts),
        _failed(counts),
        _oldest(status.queues or (), eye),
        _wait(by_queue),
    ]


def quiet(latest: Sequence[Run] | None, status: Status | None, eye: Eye) -> bool:
    """True when no run ended in the last ten minutes, which the graph knows later than `latest` and the counts do."""
    if latest is None or status is None:
        return False
    if ended := [run.finished_at for run in latest if run.finished_at is not None]:
        return (eye.now - max(ended)).total_seconds() > SECONDS
    hour = status.counts.hour if status.counts is not None else {}
    return not hour.get("succeeded", 0) and not hour.get("failed", 0)


def _running(counts: Counts, nodes: Sequence[NodeReport]) -> Card:
    workers = sum(node.workers for node in nodes)
    note = f"workers, {len(nodes)} nodes" if len(nodes) > 1 else "workers busy"
    value = f"{counts.running:,}/{workers:,}" if nodes else f"{counts.running:,}"
    return Card(title="RUNNING", value=(value, Tone.BUSY if counts.running else Tone.PLAIN), note=(note, Tone.DIM))


def _queued(counts: Counts, queues: Sequence[QueueReport]) -> Card:
    paused = sum(1 for queue in queues if queue.paused_at is not None)
    blocked = sum(queue.blocked.count for queue in queues)
    note: Bit = ("wait for a worker", Tone.DIM)
    if blocked:
        note = (f"{blocked:,} held by a limit", Tone.DIM)
    if paused:
        note = (f"{paused} {'queue is' if paused == 1 else 'queues are'} paused", Tone.WARN)
    return Card(title="QUEUED", value=(str(counts.queued), Tone.PLAIN), note=note, screen="queues")


def _scheduled(counts: Counts) -> Card:
    note: Bit = (f"{counts.retrying} retrying", Tone.WARN) if counts.retrying.count else ("due later", Tone.DIM)
    return Card(title="SCHEDULED", value=(str(counts.scheduled), Tone.PLAIN), note=note)


def _failed(counts: Counts) -> Card:
    failed, succeeded, retried = (counts.hour.get(name, 0) for name in ("failed", "succeeded", "retried"))
    note: Bit = ("nothing ended", Tone.DIM)
    if succeeded or failed:
        note = (f"{succeeded:,} succeeded", Tone.DIM)
    elif retried:
        note = (f"{retried:,} tries failed", Tone.WARN)
    tone = Tone.BAD if failed else Tone.GOOD if succeeded else Tone.PLAIN
    return Card(title="FAILED 1H", value=(f"{failed:,}", tone), note=note, screen="failed")


def _oldest(queues: Iterable[QueueReport], eye: Eye) -> Card:
    waiting = [(queue.oldest_due_at, queue.name) for queue in queues if queue.oldest_due_at is not None]
    if not waiting:
        return Card(title="OLDEST", value=("-", Tone.PLAIN), note=("nothing waits", Tone.DIM), screen="queues")
    since, name = min(waiting)
    seconds = max(0.0, (eye.now - since).total_seconds())
    tone = Tone.WARN if seconds >= LATE_SECONDS else Tone.PLAIN
    return Card(title="OLDEST", value=(length(seconds), tone), note=(f"waits in {name}", Tone.DIM), screen="queues")


def _wait(by_queue: Iterable[StatsReport]) -> Card:
    waited = [(stats.wait.p95, stats.name) for stats in by_queue if stats.wait.p95 is not None]
    if not waited:
        nothing = ("nothing began in 1h", Tone.DIM)
        return Card(title="P95 WAIT", value=("-", Tone.PLAIN), note=nothing, screen="statistics")
    worst, name = max(waited)
    note = f"in {name}, 1h" if len(waited) == 1 else f"slowest: {name}"
    return Card(title="P95 WAIT", value=(length(worst), Tone.PLAIN), note=(note, Tone.DIM), screen="statistics")
