"""What is told about runs that fail in one way: those that ended so, and those that wait for another attempt."""

from __future__ import annotations

import json
from collections.abc import Sequence

from jobd.dashboard.looks import RUNS, Bit, Cell, Eye, Tone
from jobd.dashboard.words.moments import far
from jobd.model.failures import FailureGroup
from jobd.model.run import Run


def again(group: FailureGroup, eye: Eye) -> str:
    """When the first of its runs is tried again: "again in 4m"; from then on it "waits for a worker"."""
    return "waits for a worker" if is_due(group, eye) else f"again {far(group.next_at, eye.now)}"


def soon(group: FailureGroup, eye: Eye) -> str:
    """The same in a few letters: "in 4m", or "when free" once it waits for a worker."""
    return "when free" if is_due(group, eye) else far(group.next_at, eye.now)


def is_due(group: FailureGroup, eye: Eye) -> bool:
    """Whether the first of its runs waits for nothing but a worker."""
    return group.next_at is None or group.next_at <= eye.now


def glyph(group: FailureGroup, eye: Eye) -> Bit:
    """Stands before its job: its runs are tried again, or failed for good."""
    look = RUNS["retrying" if group.retrying else "failed"]
    return f"{eye.glyph(look)} ", look.tone


def about(group: FailureGroup, eye: Eye) -> Cell:
    """How often, since when, and what comes next."""
    many = group.count > 1
    since = f", first {far(group.first_at, eye.now)}" if many else ""
    last = f"last {far(group.last_at, eye.now)} as run {group.last_id}"
    if not group.retrying:
        often = f"{group.count:,} times" if many else "once"
        return (group.job, Tone.NAME), (f"   failed {often}{since}, {last}", Tone.PLAIN)
    due = again(group, eye)
    runs = f"   {group.count:,} {'runs' if many else 'run'}{since}, {last}"
    return (group.job, Tone.NAME), (f"   failing, {due.replace('again', 'tried again')}", Tone.WARN), (runs, Tone.PLAIN)


def failing(groups: Sequence[FailureGroup]) -> str | None:
    """That runs wait to be tried again, as a notice: of the largest group, with its cause; None without any."""
    found = sorted((group for group in groups if group.retrying), key=lambda group: -group.count)
    if not found:
        return None
    most, others = found[0], sum(group.count for group in found[1:])
    many = most.count > 1 or others
    runs = "1 run" if most.count == 1 else f"{most.count:,} runs"
    more = f" and {others:,} more" if others else ""
    waits = f"{'wait' if many else 'waits'} to be tried again"
    return f"{runs} of {most.job}{more} {waits}: {first_line(most.error)}: 5 says why"


def first_line(error: str) -> str:
    return error.strip().split("\n", 1)[0]


def args(run: Run) -> str:
    """What it was given, in one line; empty for nothing."""
    return json.dumps(run.args, ensure_ascii=False) if run.args else ""


def text(run: Run, group: FailureGroup) -> str:
    """Its error, and behind that its traceback."""
    traceback = run.attempts[-1].traceback if run.attempts else None
    return "\n\n".join(part for part in (run.error or group.error, traceback) if part)
