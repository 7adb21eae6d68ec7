"""How jobs or queues did: outcomes, rate, and how long runs waited and took."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.output import Column, Output, Row
from jobd.jobctl.transport import Daemon
from jobd.jobctl.words import length

EXAMPLES = """\
  jobctl stats
  jobctl stats --by queue --window 24h
  jobctl stats -o wide
  jobctl stats --window 7d -o csv > week.csv
"""


def _time(kind: str, which: str) -> Callable[[Row], str]:
    return lambda row: length(row[kind][which])


def _rate(a_minute: float) -> str:
    """With more digits the smaller it is: one run in a week is not 0."""
    return f"{a_minute:.{1 if a_minute >= 1 or not a_minute else 2 if a_minute >= 0.01 else 4}f}"


COLUMNS = (
    Column("NAME", "name"),
    Column("OK", "succeeded", right=True),
    Column("FAILED", "failed", right=True),
    Column("RETRIED", "retried", right=True),
    Column("A MINUTE", lambda row: _rate(row["per_minute"]), right=True),
    Column("RUN P50", _time("run", "p50"), right=True),
    Column("RUN P95", _time("run", "p95"), right=True),
    Column("WAIT P95", _time("wait", "p95"), right=True),
    Column("CANCELLED", "cancelled", wide=True, right=True),
    Column("SKIPPED", "skipped", wide=True, right=True),
    Column("RUN P99", _time("run", "p99"), wide=True, right=True),
    Column("WAIT P50", _time("wait", "p50"), wide=True, right=True),
    Column("WAIT P99", _time("wait", "p99"), wide=True, right=True),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", choices=["job", "queue"], default="job", help="what to add up (job)")
    parser.add_argument("--window", choices=["1h", "24h", "7d"], default="1h", help="how far to look back (1h)")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    output.rows(daemon().get("/v1/stats", by=options.by, window=options.window)["stats"], COLUMNS)
    return DONE
