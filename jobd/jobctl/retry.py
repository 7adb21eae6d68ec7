"""Start ended runs again, each as a new run linked to the old one."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.many import for_each
from jobd.jobctl.output import Column, Output
from jobd.jobctl.transport import Daemon

EXAMPLES = """\
  jobctl retry 812
  jobctl retry 812 813 -o id
  jobctl retry $(jobctl runs --state failed -o id)
  jobctl show $(jobctl retry 812 -o id)
"""
COLUMNS = (Column("ID", "id", right=True), Column("RETRIED FROM", "retried_from", right=True))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", type=int, nargs="+", metavar="ID")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    asked = daemon()
    return for_each(options.ids, lambda run_id: asked.post(f"/v1/runs/{run_id}/retry"), COLUMNS, output)
