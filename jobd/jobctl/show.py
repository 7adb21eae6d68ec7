"""One run whole: arguments, times, result or error, and the attempts that did not succeed."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.numbers import number
from jobd.jobctl.output import Output, Row, as_json
from jobd.jobctl.tables import note
from jobd.jobctl.transport import Daemon
from jobd.jobctl.words import ago, clock, took
from jobd.model.display import display_safe
from jobd.model.run_words import attempts, items

EXAMPLES = """\
  jobctl show 812
  jobctl show 812 --json | jq .result
  jobctl show 812 --json | jq -r '.attempts[].error'
  jobctl show $(jobctl runs --state failed --limit 1 -o id)
"""
WAITS = ("waiting", "scheduled", "queued")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=number, metavar="ID")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    asked = daemon()
    found = asked.get(f"/v1/runs/{options.id}")
    output.one(found, lambda row: lines(row, _cancelled(asked, row)), key="id")
    if found["state"] in WAITS:
        output.note(f"jobctl why {options.id} says why it waits")
    if found["items"]["failed"]:
        output.note(f"which items failed, and why, the job has logged: jobctl runs logs {options.id} finds the lines")
    return DONE


def _cancelled(asked: Daemon, run: Row) -> str | None:
    """Who asked for its end first, as far as the audit knows: those who asked later have changed nothing."""
    if run["state"] != "cancelled" and not run["cancel_requested"]:
        return None
    entries = asked.get("/v1/audit", target=run["id"], action="run.cancel")["entries"]
    return f"by {entries[-1]['actor']}, {_instant(entries[-1]['at'])}" if entries else None


def lines(run: Row, cancelled: str | None = None) -> list[str]:
    """A run to people, with who cancelled it; all data in it made safe."""
    facts = [
        ("run", f"{run['id']} of {run['job']}"),
        ("state", " - ".join(part for part in (run["state"], _note(run, cancelled)) if part)),
        ("cancelled", cancelled),
        ("queue", f"{run['queue']}, priority {run['priority']}"),
        ("source", run["source"] + (f", slot {clock(run['slot'])}" if run["slot"] else "")),
        ("retried from", run["retried_from"]),
        ("created", _instant(run["created_at"])),
        ("due", _instant(run["due_at"])),
        ("started", run["started_at"] and f"{_instant(run['started_at'])} on node {run['node']}"),
        ("finished", run["finished_at"] and f"{_instant(run['finished_at'])}, took {took(run)}"),
        (
            "attempt",
            attempts(run["state"], run["attempt"], run["retries_left"], claimed=run["node"] is not None),
        ),
        ("items", items(**run["items"])),
        ("mails", _numbers(run["mails"])),
        ("args", as_json(run["args"], indent=None)),
        ("result", None if run["result"] is None else as_json(run["result"], indent=None)),
    ]
    shown = [f"{name + ':':<14}{display_safe(str(value))}" for name, value in facts if value not in (None, "")]
    return [*shown, *errors(run)]


def _note(run: Row, cancelled: str | None) -> str:
    """Empty where it only says who cancelled it, as the next line does."""
    said = note(run)
    return "" if cancelled and cancelled.startswith(f"{said}, ") else said


def errors(run: Row) -> list[str]:
    """What went wrong, as far as it is kept with the run."""
    shown = ["error:", *indented(run["error"])] if run["error"] else []
    for attempt in run["attempts"]:
        shown += _attempt(attempt, run["error"])
    return shown


def _attempt(attempt: Row, said: str | None) -> list[str]:
    """Its words and where it happened, without what was `said` before or stands at the end of a traceback."""
    node = f" on node {attempt['node']}" if attempt["node"] else ""
    head = f"attempt {attempt['attempt']}: {attempt['outcome']} {_instant(attempt['finished_at'])}{node}"
    error, traceback = attempt["error"] or "", attempt["traceback"] or ""
    words = "" if error == said or error in traceback else error
    return [display_safe(head), *indented(words), *indented(traceback)]


def indented(text: str | None) -> list[str]:
    """The lines of a text under what it is, made safe."""
    return [f"    {line}" for line in display_safe(text or "", lines=True).rstrip().split("\n") if line.strip()]


def _instant(text: str) -> str:
    return f"{clock(text)} ({ago(text)})"


def _numbers(counted: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in counted.items() if n)
