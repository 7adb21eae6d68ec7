"""Who changed what, when and why; newest first. `jobctl undo ID` puts a pause, a weight or a node back."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.output import Column, Output, Row
from jobd.jobctl.transport import Daemon
from jobd.jobctl.words import ago, clock

EXAMPLES = """\
  jobctl audit
  jobctl audit -n 200 -o wide
  jobctl audit --json | jq -r '.[] | select(.action == "queue.purge")'
  jobctl undo $(jobctl audit -n 1 -o id)
"""


def _undone(entry: Row) -> str:
    if entry["undone_by"]:
        return f"undone by {entry['undone_by']}"
    return f"undoes {entry['undoes']}" if entry["undoes"] else ""


COLUMNS = (
    Column("ID", "id", right=True),
    Column("WHEN", lambda entry: ago(entry["at"])),
    Column("WHO", "actor"),
    Column("WHAT", "action"),
    Column("OF", "target"),
    Column("REASON", "reason"),
    Column("NOTE", _undone),
    Column("AT", lambda entry: clock(entry["at"]), wide=True),
    Column("PID", "pid", wide=True, right=True),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", "-n", type=int, default=50, metavar="N", help="at most so many (50)")
    parser.add_argument("--after", metavar="CURSOR", help="go on behind an earlier page")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    page = daemon().get("/v1/audit", limit=options.limit, after=options.after)
    output.rows(page["entries"], COLUMNS, key="id")
    if page["next"]:
        output.note(f"there are more: --after {page['next']}")
    return DONE
