"""End runs: a waiting one at once, a running one by asking its node. Who did it and why is kept in the audit."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from jobd.jobctl.many import for_each
from jobd.jobctl.numbers import number
from jobd.jobctl.output import Column, Output
from jobd.jobctl.transport import Daemon

EXAMPLES = """\
  jobctl cancel 812
  jobctl cancel 812 813 814
  jobctl cancel 812 --reason 'wrong month'
  jobctl cancel $(jobctl runs --state queued --job send-bulk-email -o id)
"""
COLUMNS = (
    Column("ID", "id", right=True),
    Column("STATE", lambda row: "asked to stop" if row["state"] == "running" else row["state"]),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", type=number, nargs="+", metavar="ID")
    parser.add_argument("--reason", help="kept with the run and in the audit")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    asked = daemon()
    body = json.dumps({"reason": options.reason})
    return for_each(options.ids, lambda run_id: asked.post(f"/v1/runs/{run_id}/cancel", body), COLUMNS, output)
