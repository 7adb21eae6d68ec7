"""Wait until runs have ended; exit 0 only when all of them succeeded."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE, of_state
from jobd.jobctl.numbers import number, seconds
from jobd.jobctl.output import Output
from jobd.jobctl.tables import RUNS
from jobd.jobctl.transport import Daemon
from jobd.jobctl.waiting import ended

EXAMPLES = """\
  jobctl wait 812
  jobctl wait 812 813 --timeout 600
  jobctl wait $(jobctl trigger backup -o id) && echo done
  jobctl wait 812 --json | jq -r '.[].result'
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", type=number, nargs="+", metavar="ID")
    parser.add_argument("--timeout", type=seconds, metavar="SECONDS", help="for all; then exit 7, and they go on")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    asked, deadline = daemon(), None
    if options.timeout is not None:
        import time

        deadline = time.monotonic() + options.timeout
    runs = [ended(asked, run_id, deadline) for run_id in dict.fromkeys(options.ids)]
    output.rows(runs, RUNS, key="id")
    return next((code for run in runs if (code := of_state(run["state"])) != DONE), DONE)
