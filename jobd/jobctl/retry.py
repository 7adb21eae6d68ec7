"""Start ended runs again, each as a new run linked to the old one; one that is scheduled for later goes on now.

A scheduled run, also one that waits for its next attempt, keeps its id and the attempts it has used.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from jobd.jobctl.many import for_each
from jobd.jobctl.numbers import number
from jobd.jobctl.output import Column, Output
from jobd.jobctl.transport import Daemon

EXAMPLES = """\
  jobctl retry 812
  jobctl retry 812 --reason 'the gateway is back'
  jobctl retry $(jobctl runs --state failed -o id)
  jobctl show $(jobctl retry 812 -o id)
"""
COLUMNS = (
    Column("ID", "id", right=True),
    Column("RETRIED FROM", "retried_from", right=True),
    Column("WHAT", lambda row: "a new run" if row["retried_from"] else "goes on now"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", type=number, nargs="+", metavar="ID")
    parser.add_argument("--reason", help="kept in the audit")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    asked = daemon()
    body = json.dumps({"reason": options.reason})
    return for_each(options.ids, lambda run_id: asked.post(f"/v1/runs/{run_id}/retry", body), COLUMNS, output)
