"""What a run said, as far as it is stored: a command's output, its errors; and what finds the daemon's lines."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, timedelta

from jobd.jobctl import show
from jobd.jobctl.failures import DONE, FAILED, Failure
from jobd.jobctl.output import Output, Row
from jobd.jobctl.transport import Daemon
from jobd.jobctl.words import instant
from jobd.model.display import display_safe

BEFORE = timedelta(minutes=1)
"""The journal is read from so long before the run was added: its clock need not be the one of Postgres."""
STREAMS = ("stdout", "stderr")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    found = daemon().get(f"/v1/runs/{options.id}")
    said = _stored(found)
    if not any(said[name] for name in (*STREAMS, "error", "attempts")):
        words = f"run {found['id']} has stored no output and no error; the daemon's own lines about it are in its log"
        raise Failure(FAILED, "not_kept", words, command(found))
    output.one(said, lambda _: [*_lines(found, said), *_where(said)], key="id")
    return DONE


def _stored(found: Row) -> Row:
    """What is kept of it, and the commands that find more."""
    result = found["result"] if isinstance(found["result"], dict) else {}
    streams = {name: text if isinstance(text := result.get(name), str) else None for name in STREAMS}
    told = {name: found[name] for name in ("id", "error", "attempts")}
    return {**told, **streams, "journal": command(found), "pattern": pattern(found["id"])}


def _lines(found: Row, said: Row) -> list[str]:
    lines = []
    for name in STREAMS:
        if said[name]:
            lines += [f"{name}:", *show.indented(said[name])]
    return [*lines, *show.errors(found)]


def _where(said: Row) -> list[str]:
    return [
        "the daemon's own lines about it, where it is a service and where it is none (its stderr, in a file):",
        display_safe(f"    {said['journal']}"),
        display_safe(f"    grep -E '{said['pattern']}' FILE"),
    ]


def command(found: Row) -> str:
    """Finds the lines of a run in the journal, in the text format and in JSON."""
    created = instant(found["created_at"])
    since = f" --since '{(created - BEFORE).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC'" if created else ""
    return f"journalctl -u jobd{since} --grep '{pattern(found['id'])}'"


def pattern(run_id: int) -> str:
    """A regular expression for the lines of a run: `run=812` as text, `"run": 812` in JSON; `grep -E` takes it, too."""
    return rf'\brun(": |=){run_id}\b'
