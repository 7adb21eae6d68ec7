"""What is told about one run, as lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from jobd.dashboard.lists.columns import bits
from jobd.dashboard.lists.runs import left, note, said, seconds, share, standing
from jobd.dashboard.looks import Cell, Eye, Tone
from jobd.dashboard.words.facts import facts
from jobd.dashboard.words.moments import far
from jobd.model.run import Run, RunState
from jobd.model.run_words import attempts, items
from jobd.model.told import length
from jobd.model.why import Why

WAITS = frozenset({RunState.WAITING, RunState.SCHEDULED, RunState.QUEUED})
SOON = timedelta(seconds=1)
WIDEST = 60
HALF_A_YEAR = timedelta(days=180)
"""Cells of a bar: more tell nothing more."""


def head(run: Run, eye: Eye) -> list[Cell]:
    """Which run, how it stands, and in one line why."""
    last = run.attempt if run.state.final else None
    tries = f" after {last} attempts" if last and last > 1 else ""
    when = run.finished_at or (run.started_at if run.state is RunState.RUNNING else run.due_at)
    due = "due " if run.state in WAITS else "since " if run.state is RunState.RUNNING else ""
    named: Cell = (
        (f"Run {run.id}  {run.job}   ", Tone.NAME),
        *bits(standing(run, eye)),
        (f"  {due}{far(when, eye.now)}{tries}", Tone.DIM),
    )
    why = note(run, eye) if run.error or run.reason else ""
    return [named, why] if why else [named]


def what(run: Run) -> list[Cell]:
    """Where it belongs, and who asked for it."""
    node = "" if run.node is None or not run.attempt else f", on node {run.node}"
    tries = attempts(run.state, run.attempt, run.retries_left, claimed=run.node is not None)
    return facts(
        (
            ("queue", f"{run.queue}, priority {run.priority}"),
            ("attempts", f"{tries}{node}"),
            ("asked by", run.source),
            ("schedule", _schedule(run)),
            ("retry of", None if run.retried_from is None else f"run {run.retried_from}   o opens it"),
            ("items", _items(run)),
            ("mails", f"{mails}   m opens the outbox" if (mails := _numbers(run.mails)) else None),
        )
    )


def when(run: Run, eye: Eye) -> list[Cell]:
    """Its instants, and how long there was between them."""
    waited = (run.started_at - run.due_at).total_seconds() if run.started_at else None
    once = run.attempt <= 1 and abs(run.due_at - run.created_at) < SOON  # then it is what it waited and took
    overall = (run.finished_at - run.created_at).total_seconds() if run.finished_at and not once else None
    ran = seconds(run, eye)
    return facts(
        (
            ("added", _instant(run.created_at, eye)),
            ("due", _instant(run.due_at, eye)),
            ("started", _instant(run.started_at, eye)),
            ("ended", _instant(run.finished_at, eye)),
            ("waited", None if waited is None else _long(max(0.0, waited), "due to start")),
            ("took", None if ran is None else _long(ran, "start to end" if run.finished_at else "so far")),
            ("in all", None if overall is None else _long(overall, "added to end")),
        )
    )


def because(why: Why) -> list[Cell]:
    """The chain of causes, and for each what would change it."""
    lines: list[Cell] = [f"{why.subject} {why.state}:"]
    for cause in why.causes:
        lines.append((("· ", Tone.DIM), (cause.text, Tone.WARN)))
        lines += [(f"  $ {way}", Tone.DIM) for way in cause.ways]
    return lines


def bar(run: Run, eye: Eye, width: int) -> list[Cell]:
    """How far it has come and what it says of itself; nothing when it says nothing."""
    if run.state.final or not run.progress:
        return []
    if isinstance(run.progress, str):
        return [run.progress]
    numbered, part = said(run), share(run)
    told = str(numbered.get("note") or "")
    if part is None:
        done = numbered.get("done")
        return [((f"{done:,} done  " if isinstance(done, int) else "", Tone.BUSY), (told, Tone.PLAIN))]
    room = max(10, min(WIDEST, width - 8))
    full = round(part * room)
    eta = left(run, eye)
    numbers = f"{numbered['done']:,} of {numbered['total']:,}"
    rest = f", {length(eta)} left at this pace" if eta is not None and part < 1 else ""
    drawn: Cell = (
        (eye.pick("█", "#") * full, Tone.BUSY),
        (eye.pick("░", ".") * (room - full), Tone.DIM),
        (f" {part:.0%}", Tone.NAME),
    )
    return [drawn, ((f"{numbers}{rest}", Tone.PLAIN), (f"   {told}" if told else "", Tone.DIM))]


def elsewhere(run: Run) -> list[Cell]:
    """Where more of it is to be found."""
    return facts(
        (
            ("command", f"$ jobctl show {run.id}"),
            ("log lines", f"are not kept with the run: $ jobctl runs logs {run.id}  says how journalctl finds them"),
        )
    )


def pretty(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def instant(when: datetime, now: datetime) -> str:
    """A moment in UTC; the year where the day alone could be of two."""
    return f"{when:%d %b %H:%M:%S}" if abs(when - now) < HALF_A_YEAR else f"{when:%d %b %Y %H:%M}"


def joined(parts: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part)


def _instant(when: datetime | None, eye: Eye) -> Cell | None:
    if when is None:
        return None
    return (f"{instant(when, eye.now)}  ", Tone.PLAIN), (far(when, eye.now), Tone.DIM)


def _long(seconds: float, of: str) -> Cell:
    return (f"{length(seconds):<7}", Tone.NAME), (f" {of}", Tone.DIM)


def _items(run: Run) -> str:
    """Their numbers are all that is kept of them: which ones failed, and why, the job has logged."""
    counted = items(done=run.items.done, skipped=run.items.skipped, failed=run.items.failed)
    return f"{counted}   its log lines say which and why" if run.items.failed else counted


def _schedule(run: Run) -> str | None:
    if run.schedule is None:
        return None
    return f"{run.schedule}, slot {run.slot:%d %b %H:%M:%S}" if run.slot else run.schedule


def _numbers(counted: dict[str, int]) -> str:
    return joined([f"{number:,} {name.replace('_', ' ')}" for name, number in counted.items() if number])
