"""Failures that are one failure: runs that failed of the same job with the same error at the same place."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.output import Column, Output, first_line
from jobd.jobctl.transport import Daemon
from jobd.jobctl.words import ago

EXAMPLES = """\
  jobctl failed
  jobctl failed --since 7d -o wide
  jobctl show $(jobctl failed --json | jq '.[0].last_id')
  jobctl runs retry --filter "$(jobctl failed --json | jq -r '.[0].filter')"
"""
COLUMNS = (
    Column("COUNT", "count", right=True),
    Column("JOB", "job"),
    Column("ERROR", lambda group: first_line(group["error"])),
    Column("LAST", lambda group: ago(group["last_at"])),
    Column("RUN", "last_id", right=True),
    Column("FIRST", lambda group: ago(group["first_at"]), wide=True),
    Column("WHERE", "frame", wide=True),
    Column("FINGERPRINT", "fingerprint", wide=True),
    Column("FILTER", "filter", wide=True),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="24h", default="24h", help="how far to look back (24h)")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    found = daemon().get("/v1/failed", since=options.since)
    output.rows(found["groups"], COLUMNS, key="last_id")
    if found.get("more"):
        output.note("there are older failures that were not looked at: --since with a shorter time is exact")
    return DONE
