"""The columns of the panes on the home screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from jobd.dashboard.lists import queues as queue_columns
from jobd.dashboard.lists import runs as run_columns
from jobd.dashboard.lists import schedules as schedule_columns
from jobd.dashboard.lists.columns import Column, bits
from jobd.dashboard.lists.queues import QueueRow
from jobd.dashboard.looks import NODES as NODE_LOOKS
from jobd.dashboard.looks import RUNS as RUN_LOOKS
from jobd.dashboard.looks import UNKNOWN, Bit, Cell, Eye, Tone, state
from jobd.dashboard.words import failures, shares
from jobd.dashboard.words.bars import share_bar
from jobd.dashboard.words.moments import far
from jobd.model.failures import FailureGroup
from jobd.model.reports import NodeReport, QueueReport, ScheduleReport
from jobd.model.run import Run
from jobd.model.stats import StatsReport
from jobd.model.told import length

FAILURES = 5
FAILING = 3
"""Of these lines what is tried again gets so many at the most, where there are enough others."""


def queue_rows(queues: Iterable[QueueReport], by_queue: Sequence[StatsReport]) -> list[QueueRow]:
    """The heaviest queue first, with how it did in the last hour."""
    queues = sorted(queues, key=lambda queue: (-queue.weight, queue.name))
    fair, work = shares.of_weights(queues), shares.of_work(by_queue, queues)
    stats = {one.name: one for one in by_queue}
    return [
        QueueRow(
            queue=queue,
            share=fair.get(queue.name),
            worked=work.get(queue.name, 0.0) if work else None,
            stats=stats.get(queue.name),
        )
        for queue in queues
    ]


def identity(row: Run | NodeReport | FailureGroup) -> int | str:
    """By what a row of a pane is known again."""
    return row.fingerprint if isinstance(row, FailureGroup) else row.id


def failing_first(groups: Sequence[FailureGroup], failed: Sequence[Run]) -> list[Run | FailureGroup]:
    """What is tried again before what ended, with room for both: who looks at the end of it alone learns too late."""
    room = max(FAILING, FAILURES - len(failed))
    rows: list[Run | FailureGroup] = [*groups[:room], *failed]
    return rows[:FAILURES]


def due(schedules: Iterable[ScheduleReport], most: int) -> list[ScheduleReport]:
    """Those that fire next, the first of them first."""
    awake = [
        (one.next_slot, one.name, one)
        for one in schedules
        if one.enabled and one.paused_at is None and one.next_slot is not None
    ]
    return [one for _, _, one in sorted(awake, key=lambda found: found[:2])[:most]]


def _work(row: QueueRow, eye: Eye) -> Cell:
    """What it got of what its weight gives it while all are full; of a paused one, who paused it and why."""
    if row.queue.paused_at is not None:
        return queue_columns.note(row, eye)
    numbers: Bit = (f"{_percent(row.worked)} of {_percent(row.share)} ", Tone.PLAIN)
    return numbers, *share_bar(row.worked, eye, mark=row.share)


def _percent(part: float | None) -> str:
    return "  -" if part is None else f"{part:>3.0%}"


QUEUES: tuple[Column[QueueRow], ...] = (
    replace(queue_columns.NAME, width=9, grow=2),
    replace(queue_columns.WEIGHT, keep=5),
    queue_columns.QUEUED,
    replace(queue_columns.LATENCY, keep=8),
    replace(queue_columns.RUNNING, title="BUSY", width=4, keep=7),
    replace(queue_columns.RATE, keep=4),
    Column(title="WORK OF ITS SHARE", cell=_work, width=21, grow=3, keep=6),
)
RUNS: tuple[Column[Run], ...] = (
    Column(title="RUN", cell=lambda run, eye: (str(run.id), Tone.DIM), width=7, right=True, keep=5),
    Column(title="JOB", cell=lambda run, eye: _job(run, eye), width=23, grow=1),
    Column(title="TOOK", cell=run_columns.took, width=6, right=True),
    Column(title="HOW IT GOES", cell=lambda run, eye: _goes(run, eye), width=18, grow=3),
)
NEXT: tuple[Column[ScheduleReport], ...] = (
    Column(title="SCHEDULE", cell=lambda one, eye: (one.name, Tone.NAME), width=18, grow=3),
    Column(title="NEXT", cell=schedule_columns.due, width=11),
    Column(title="WHEN", cell=lambda one, eye: (one.description, Tone.DIM), width=16, grow=2, keep=5),
)
FAILED: tuple[Column[Run | FailureGroup], ...] = (
    Column(title="FAILED", cell=lambda row, eye: _failed(row, eye), width=12, grow=3),
    Column(title="ERROR", cell=lambda row, eye: _error(row, eye), width=10, grow=5),
    Column(title="WHEN", cell=lambda row, eye: _ago(row, eye), width=10, right=True, keep=5),
)
NODES: tuple[Column[NodeReport], ...] = (
    Column(title="NODE", cell=lambda node, eye: (f"{node.name} {node.id}", Tone.NAME), width=14, grow=2),
    Column(title="STATE", cell=lambda node, eye: state(NODE_LOOKS, node.state, eye), width=10),
    Column(title="BUSY", cell=lambda node, eye: f"{node.running}/{node.workers}", width=7, right=True),
    Column(title="BEAT", cell=lambda node, eye: far(node.beat_at, eye.now), width=10, right=True),
    Column(title="HOST", cell=lambda node, eye: (f"{node.host} pid {node.pid}", Tone.DIM), width=14, grow=3, keep=5),
)


def _job(run: Run, eye: Eye) -> Cell:
    look = RUN_LOOKS.get(run.state.value, UNKNOWN)
    return (f"{eye.glyph(look)} ", look.tone), (run.job, Tone.NAME)


def _goes(run: Run, eye: Eye) -> Cell:
    """What came of it, or how far it has come; of one that does not say, which try it is and in which queue."""
    if run.state.final:
        ended = f"{run.state} {far(run.finished_at, eye.now)}  "
        return (ended, RUN_LOOKS[run.state.value].tone), *bits(run_columns.note(run, eye))
    if run.cancel_requested:
        return run_columns.standing(run, eye)
    if (part := run_columns.share(run)) is not None:
        left = run_columns.left(run, eye)
        rest = f" {part:.0%}" + (f" {_about(left)} left" if left is not None and part < 1 else "")
        return *share_bar(part, eye, width=6), (rest, Tone.PLAIN)
    if run.progress:
        return run_columns.progress(run, eye)
    return ("running ", Tone.BUSY), (f"in {run.queue}" + (f", try {run.attempt}" if run.attempt > 1 else ""), Tone.DIM)


def _about(seconds: float) -> str:
    """In whole seconds, which a narrow pane has room for; it is a guess."""
    return "<1s" if seconds < 1 else f"{seconds:.0f}s" if seconds < 59.5 else length(seconds)


def _failed(row: Run | FailureGroup, eye: Eye) -> Cell:
    """A run that failed, or how many of a job are tried again."""
    if isinstance(row, Run):
        return _job(row, eye)
    times = f" {eye.pick('×', 'x')}{row.count:,}" if row.count > 1 else ""
    return failures.glyph(row, eye), (row.job, Tone.NAME), (times, Tone.WARN)


def _error(row: Run | FailureGroup, eye: Eye) -> Cell:
    return run_columns.note(row, eye) if isinstance(row, Run) else (failures.first_line(row.error), Tone.WARN)


def _ago(row: Run | FailureGroup, eye: Eye) -> Cell:
    if isinstance(row, Run):
        return far(row.finished_at, eye.now), Tone.DIM
    return failures.soon(row, eye), Tone.WARN
