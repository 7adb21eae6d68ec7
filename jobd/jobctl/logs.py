"""What a run logged: jobd keeps no log lines with it, so its errors, and the command that finds the lines."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, timedelta

from jobd.jobctl import show
from jobd.jobctl.failures import FAILED, Failure
from jobd.jobctl.output import Output, Row
from jobd.jobctl.transport import Daemon
from jobd.jobctl.words import instant

BEFORE = timedelta(minutes=1)
"""The journal is read from so long before the run was added: its clock need not be the one of Postgres."""


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    found = daemon().get(f"/v1/runs/{options.id}")
    if not output.for_programs:
        for line in show.errors(found):
            output.text(line)
    words = f"jobd keeps no log lines with run {found['id']}; they are where the daemon's log goes"
    raise Failure(FAILED, "not_kept", words, command(found))


def command(found: Row) -> str:
    """Finds the lines of a run in the journal, in the text format and in JSON."""
    created = instant(found["created_at"])
    since = f" --since '{(created - BEFORE).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC'" if created else ""
    return f"journalctl -u jobd{since} --grep '{pattern(found['id'])}'"


def pattern(run_id: int) -> str:
    """A regular expression for the lines of a run: `run=812` as text, `"run": 812` in JSON; `grep -E` takes it, too."""
    return rf'\brun(": |=){run_id}\b'
