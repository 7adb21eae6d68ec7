"""Failures that are one failure: runs of one job with one error at one place, tried again or ended."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.output import Column, Output, Row, first_line
from jobd.jobctl.transport import Daemon
from jobd.jobctl.words import ago
from jobd.model.display import display_safe

EXAMPLES = """\
  jobctl failed --since 7d -o wide
  jobctl failed --state retrying
  jobctl show $(jobctl failed --json | jq '.[0].last_id')
  jobctl runs retry --filter "$(jobctl failed --json | jq -r '.[0].filter')"
"""
COLUMNS = (
    Column("COUNT", "count", right=True),
    Column("STATE", lambda group: state(group)),
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
    words = "only what is tried again, or only what failed for good"
    parser.add_argument("--state", choices=["retrying", "failed"], help=words)


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    found = daemon().get("/v1/failed", since=options.since, state=options.state)
    if not found["groups"] and output.form in ("table", "wide"):
        output.text(_nothing(options))
        return DONE
    output.rows(found["groups"], COLUMNS, key="last_id")
    if found.get("more"):
        output.note("there are more failures that were not looked at: --since with a shorter time is exact")
    return DONE


def state(group: Row) -> str:
    """Whether its runs failed for good; else when the first of them is tried again."""
    if not group["retrying"]:
        return "failed"
    when = ago(group["next_at"])
    return f"failing, tried again {when if when.startswith('in ') else 'now'}"


def _nothing(options: argparse.Namespace) -> str:
    if options.state == "retrying":
        return "nothing waits to be tried again"
    also = "" if options.state else ", and nothing waits to be tried again"
    return f"nothing has failed in the last {display_safe(options.since)}{also}"
