"""List runs, newest first: those that wait or run, then those that ended, the latest end first."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.output import Output
from jobd.jobctl.tables import RUNS
from jobd.jobctl.transport import Daemon

EXAMPLES = """\
  jobctl runs
  jobctl runs --state failed --limit 10
  jobctl runs list --job 'send-*' --queue low -o wide
  jobctl retry $(jobctl runs --state failed --job reconcile-payments -o id)
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("list", nargs="?", choices=["list"], help="the same as nothing")
    parser.add_argument("--state", metavar="STATE,…", help="scheduled, queued, running, succeeded, failed, …")
    parser.add_argument("--job", metavar="NAME", help="may hold *")
    parser.add_argument("--queue", metavar="NAME")
    parser.add_argument("--schedule", metavar="NAME")
    parser.add_argument("--limit", "-n", type=int, default=50, metavar="N", help="at most so many, up to 1000 (50)")
    parser.add_argument("--after", metavar="CURSOR", help="go on behind an earlier page")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    page = daemon().get(
        "/v1/runs",
        state=options.state,
        job=options.job,
        queue=options.queue,
        schedule=options.schedule,
        limit=options.limit,
        after=options.after,
    )
    output.rows(page["runs"], RUNS, key="id")
    if page["next"]:
        output.note(f"there are more: --after {page['next']}")
    return DONE
