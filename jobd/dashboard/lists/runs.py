"""The columns of runs, wherever a list of them is shown, and the words in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import RUNS, Cell, Eye, Tone, state
from jobd.dashboard.words.moments import far
from jobd.model.run import Run, RunState
from jobd.model.run_words import items
from jobd.model.told import distance, length


def standing(run: Run, eye: Eye) -> Cell:
    """Its state; a run that waits for another try says so."""
    if run.cancel_requested and not run.state.final:
        return f"{eye.pick('⊘', '/')} cancelling", Tone.WARN
    retrying = run.state is RunState.SCHEDULED and run.attempt > 0
    return state(RUNS, "retrying" if retrying else run.state.value, eye)


def when(run: Run, eye: Eye) -> Cell:
    """The instant that matters: its end, its start, or when it is due."""
    if run.finished_at is not None:
        return aged(run.finished_at, eye), Tone.DIM
    if run.state is RunState.RUNNING:
        return aged(run.started_at, eye), Tone.DIM
    return f"due {distance(run.due_at, eye.now)}", Tone.DIM


def aged(instant: datetime | None, eye: Eye) -> str:
    """How long ago, as everywhere in the dashboard."""
    return far(instant, eye.now)


def seconds(run: Run, eye: Eye) -> float | None:
    """How long it ran, or has been running; None when it never started."""
    if run.started_at is None or (run.finished_at is None and run.state is not RunState.RUNNING):
        return None
    return ((run.finished_at or eye.now) - run.started_at).total_seconds()


def took(run: Run, eye: Eye) -> Cell:
    return length(seconds(run, eye)), Tone.DIM


def note(run: Run, eye: Eye) -> Cell:
    """Why it is as it is: how far it has come, its error or reason, or what it counted."""
    if run.progress and not run.state.final:
        return progress(run, eye)
    if run.error or run.reason:
        tone = Tone.BAD if run.state is RunState.FAILED else Tone.WARN
        return (run.error or run.reason or "").strip().split("\n", 1)[0], tone
    counted = run.items
    told = items(done=counted.done, skipped=counted.skipped, failed=counted.failed)
    return told, Tone.WARN if counted.failed else Tone.DIM


def said(run: Run) -> dict[str, Any]:
    """How far it has come by its own words; empty when it does not say, or when that is hidden."""
    return run.progress if isinstance(run.progress, dict) else {}


def share(run: Run) -> float | None:
    """How much of it is done, from 0 to 1; None when it does not say."""
    done, total = said(run).get("done"), said(run).get("total")
    if not isinstance(done, int | float) or not isinstance(total, int | float) or total <= 0:
        return None
    return max(0.0, min(1.0, done / total))


def left(run: Run, eye: Eye) -> float | None:
    """Seconds that it will still take if it goes on as it did; None when that cannot be said."""
    part, ran = share(run), seconds(run, eye)
    return None if not part or ran is None else ran * (1 - part) / part


def progress(run: Run, eye: Eye) -> Cell:
    """A bar, the numbers, and how long it will still take."""
    if isinstance(run.progress, str):
        return run.progress, Tone.BUSY
    told, part = said(run), share(run)
    if part is None:
        return " ".join(str(word) for word in (told.get("done"), told.get("note")) if word not in (None, "")), Tone.BUSY
    full = round(part * 10)
    bar = eye.pick("█", "#") * full + eye.pick("░", ".") * (10 - full)
    eta = left(run, eye)
    rest = f"  {length(eta)} left" if eta is not None and part < 1 else ""
    return (bar, Tone.BUSY), (f" {told['done']:,}/{told['total']:,}{rest}  {told.get('note') or ''}", Tone.DIM)


# What changes by itself stands left, and neighbours share a tone: Textual writes a line from its left end to what has
# changed, and every change of colour is 35 bytes on the way to the terminal.
COLUMNS: tuple[Column[Run], ...] = (
    Column(title="ID", cell=lambda run, eye: (str(run.id), Tone.DIM), width=8, right=True, keep=6),
    Column(title="WHEN", cell=when, width=13, keep=7),
    Column(title="STATE", cell=standing, width=12),
    Column(title="JOB", cell=lambda run, eye: (run.job, Tone.NAME), width=16, grow=2),
    Column(title="QUEUE", cell=lambda run, eye: (run.queue, Tone.DIM), width=10, keep=3),
    Column(title="TRY", cell=lambda run, eye: (str(run.attempt or "-"), Tone.DIM), width=3, right=True, keep=4),
    Column(title="TOOK", cell=took, width=6, right=True, keep=6),
    Column(title="SOURCE", cell=lambda run, eye: (run.source, Tone.DIM), width=22, keep=1),
    Column(title="NOTE", cell=note, width=12, grow=4, keep=5),
)
