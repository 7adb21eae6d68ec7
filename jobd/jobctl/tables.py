"""The columns of runs, wherever a list of them is printed."""

from __future__ import annotations

from jobd.jobctl.output import Column, Row, first_line
from jobd.jobctl.words import ago, clock, took
from jobd.model.run_words import items


def when(run: Row) -> str:
    """The instant that matters: the end of an ended run, the start of a running one, else when it is due."""
    if run["finished_at"]:
        return ago(run["finished_at"])
    if run["state"] == "running":
        return ago(run["started_at"])
    return f"due {ago(run['due_at'])}"


def note(run: Row) -> str:
    """Why it is as it is: the error, the reason, how far it has come, or what it counted."""
    if run["cancel_requested"]:
        return f"being cancelled: {first_line(run['reason'])}"
    if (progress := run["progress"]) and not isinstance(progress, dict):
        return str(progress)  # all of it is hidden
    if progress:
        total = f" of {progress['total']}" if progress.get("total") else ""
        return f"{progress.get('done', '')}{total} {progress.get('note') or ''}".strip()
    return first_line(run["error"] or run["reason"]) or items(**run["items"])


RUNS = (
    Column("ID", "id", right=True),
    Column("JOB", "job"),
    Column("STATE", "state"),
    Column("QUEUE", "queue"),
    Column("ATTEMPT", "attempt", right=True),
    Column("WHEN", when),
    Column("TOOK", took, right=True),
    Column("PRIORITY", "priority", wide=True, right=True),
    Column("SOURCE", "source", wide=True),
    Column("NODE", "node", wide=True),
    Column("DUE", lambda run: clock(run["due_at"]), wide=True),
    Column("STARTED", lambda run: clock(run["started_at"]), wide=True),
    Column("FINISHED", lambda run: clock(run["finished_at"]), wide=True),
    Column("NOTE", note),
)
