"""The attempts of a run, one after the other: those that failed, the one under way, the one that ended it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import RUNS, Cell, Eye, Tone, state
from jobd.dashboard.words.facts import listing
from jobd.dashboard.words.runs import instant
from jobd.model.run import Run, RunState
from jobd.model.told import distance, length

SHOWN = 30
"""A run that is interrupted again and again has many; the latest are what matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt, as a line shows it."""

    number: int
    outcome: str
    node: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    note: str = ""
    error: str | None = None
    traceback: str | None = None

    @property
    def text(self) -> str:
        """What went wrong, the traceback behind the error; empty when nothing is known of it."""
        error, traceback = (self.error or "").strip(), (self.traceback or "").strip()
        return "\n\n".join(part for part in (error, traceback) if part)


def tries(run: Run, now: datetime) -> list[Try]:
    """Oldest first; what comes next is the last one, where it is known."""
    found = [
        Try(
            number=one.attempt,
            outcome=one.outcome.value,
            node=one.node,
            started_at=one.started_at,
            finished_at=one.finished_at,
            error=one.error,
            traceback=one.traceback,
        )
        for one in run.attempts
    ]
    recorded = bool(found) and found[-1].number >= run.attempt
    if run.state is RunState.RUNNING or (run.attempt and run.state.final and not recorded):
        found.append(_last(run))
    elif run.attempt and run.state in (RunState.SCHEDULED, RunState.QUEUED):
        again = "scheduled" if run.state is RunState.SCHEDULED else "queued"
        found.append(Try(number=run.attempt + 1, outcome=again, note=f"due {distance(run.due_at, now)}"))
    return found


def lines(run: Run, eye: Eye, width: int) -> list[Cell]:
    """The latest of them as a list."""
    found = tries(run, eye.now)
    if not found:
        return [("none yet", Tone.DIM)] if not run.state.final else [("it was never started", Tone.DIM)]
    earlier = len(found) - SHOWN
    cut: list[Cell] = [(f"{earlier:,} earlier ones: $ jobctl show {run.id}", Tone.DIM)] if earlier > 0 else []
    return [*listing(COLUMNS, found[-SHOWN:], eye, width), *cut]


def _last(run: Run) -> Try:
    """The attempt that has no row of its own: the one that ends the run, or is under way."""
    return Try(
        number=run.attempt,
        outcome=run.state.value,
        node=run.node,
        started_at=run.started_at,
        finished_at=run.finished_at,
        error=run.error or (run.reason if run.state.final else None),
    )


def _seconds(one: Try, now: datetime) -> float | None:
    return None if one.started_at is None else ((one.finished_at or now) - one.started_at).total_seconds()


def _note(one: Try, eye: Eye) -> Cell:
    if one.error:
        return one.error.strip().split("\n", 1)[0], RUNS[one.outcome].tone if one.outcome in RUNS else Tone.PLAIN
    return one.note, Tone.DIM


COLUMNS: tuple[Column[Try], ...] = (
    Column(title="#", cell=lambda one, eye: str(one.number), width=3, right=True),
    Column(title="OUTCOME", cell=lambda one, eye: state(RUNS, one.outcome, eye), width=13),
    Column(
        title="STARTED",
        cell=lambda one, eye: instant(one.started_at, eye.now) if one.started_at else ("-", Tone.DIM),
        width=15,
        keep=4,
    ),
    Column(title="TOOK", cell=lambda one, eye: length(_seconds(one, eye.now)), width=7, right=True),
    Column(title="NODE", cell=lambda one, eye: str(one.node or "-"), width=5, right=True, keep=3),
    Column(title="ERROR", cell=_note, width=16, grow=1),
)
