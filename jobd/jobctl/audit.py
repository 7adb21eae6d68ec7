"""Who changed what, when and why; newest first. `jobctl undo ID` puts a pause, a weight or a node back."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.numbers import amount
from jobd.jobctl.output import Column, Output, Row
from jobd.jobctl.transport import Daemon
from jobd.jobctl.words import ago, clock

EXAMPLES = """\
  jobctl audit
  jobctl audit --target 812
  jobctl audit --actor 'uid:1000*' --action 'queue.*' -n 200 -o wide
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
    what = "what was changed: the name of a queue or schedule, the number of a run or node"
    parser.add_argument("--target", metavar="NAME", help=what)
    parser.add_argument("--actor", metavar="WHO", help="who changed it; may hold *, like 'uid:1000*'")
    parser.add_argument("--action", metavar="WHAT", help="queue.pause, run.cancel, …; may hold *, like 'queue.*'")
    parser.add_argument("--limit", "-n", type=amount, default=50, metavar="N", help="at most so many (50)")
    parser.add_argument("--after", metavar="CURSOR", help="go on behind an earlier page")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    wanted = {name: getattr(options, name) for name in ("target", "actor", "action", "limit", "after")}
    page = daemon().get("/v1/audit", **wanted)
    output.rows(page["entries"], COLUMNS, key="id")
    if page["next"]:
        output.note(f"there are more: --after {page['next']}")
    return DONE
