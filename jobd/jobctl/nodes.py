"""The daemons on this database: those alive, then those that left or were lost since yesterday."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.output import Column, Output
from jobd.jobctl.transport import Daemon
from jobd.jobctl.words import ago, clock

EXAMPLES = """\
  jobctl nodes
  jobctl nodes -o wide
  jobctl nodes --json | jq '[.[] | select(.alive)] | length'
  jobctl runs --state running -o wide
"""
COLUMNS = (
    Column("NODE", "id", right=True),
    Column("NAME", "name"),
    Column("HOST", "host"),
    Column("PID", "pid", right=True),
    Column(
        "STATE",
        lambda node: node["state"] if node["alive"] or node["state"] in ("left", "lost") else "silent",
    ),
    Column("RUNNING", lambda node: f"{node['running']}/{node['workers']}", right=True),
    Column("BEAT", lambda node: ago(node["beat_at"])),
    Column("STARTED", lambda node: ago(node["started_at"])),
    Column("CLAIMED", "claimed", wide=True, right=True),
    Column("VERSION", "version", wide=True),
    Column("LEASE UNTIL", lambda node: clock(node["lease_until"]), wide=True),
    Column("LEFT", lambda node: clock(node["left_at"]), wide=True),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("list", nargs="?", choices=["list"], help="the same as nothing")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    output.rows(daemon().get("/v1/nodes")["nodes"], COLUMNS, key="id")
    return DONE
