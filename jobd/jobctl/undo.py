"""Put a pause, a weight or a node's state back as it was before a change. A cancelled run is retried instead."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.numbers import number
from jobd.jobctl.output import Output
from jobd.jobctl.transport import Daemon
from jobd.jobctl.wishes import said, told

EXAMPLES = """\
  jobctl audit
  jobctl undo 31
  jobctl undo 31 --reason 'wrong queue'
  jobctl undo $(jobctl audit -n 1 -o id)
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=number, metavar="ID", help="of the entry in the audit")
    parser.add_argument("--reason", help="kept in the audit")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    undone = daemon().post(f"/v1/audit/{options.id}/undo", said({"reason": options.reason}))
    return told(undone, f"entry {options.id} is undone, as entry {undone['id']}", output)
