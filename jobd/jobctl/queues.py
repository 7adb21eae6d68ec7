"""What waits in which queue, for how long, and what its limits are."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.output import Column, Output, Row
from jobd.jobctl.transport import Daemon
from jobd.jobctl.words import ago, count, length

EXAMPLES = """\
  jobctl queues
  jobctl queues -o wide
  jobctl queues --json | jq -r '.[] | select(.oldest_seconds > 60) | .name'
  watch jobctl queues
"""


def _note(queue: Row) -> str:
    if not queue["paused_at"]:
        return ""
    until = f" until {ago(queue['paused_until'])}" if queue["paused_until"] else ""
    return f"paused by {queue['paused_by'] or 'somebody'}{until}: {queue['pause_reason'] or 'no reason given'}"


COLUMNS = (
    Column("QUEUE", "name"),
    Column("WEIGHT", "weight", right=True),
    Column("QUEUED", lambda queue: count(queue["queued"]), right=True),
    Column("OLDEST", lambda queue: length(queue["oldest_seconds"]), right=True),
    Column("RUNNING", "running", right=True),
    Column("SCHEDULED", lambda queue: count(queue["scheduled"]), right=True),
    Column("BLOCKED", lambda queue: count(queue["blocked"]), wide=True, right=True),
    Column("MAX", "max", wide=True, right=True),
    Column("GLOBAL MAX", "global_max", wide=True, right=True),
    Column("RESERVE", "reserve", wide=True, right=True),
    Column("STRICT", "strict", wide=True),
    Column("NOTE", _note),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("list", nargs="?", choices=["list"], help="the same as nothing")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    output.rows(daemon().get("/v1/queues")["queues"], COLUMNS)
    return DONE
