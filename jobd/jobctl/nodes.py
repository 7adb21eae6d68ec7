"""The daemons on this database: those alive, then those that left or were lost since yesterday.

A quiet node finishes what it runs and begins nothing; a drained one says so when nothing is left.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from jobd.jobctl.actions import Action, nothing
from jobd.jobctl.failures import DONE
from jobd.jobctl.output import Column, Output, Row
from jobd.jobctl.transport import Daemon
from jobd.jobctl.wishes import asking, reasoned
from jobd.jobctl.words import ago, clock

LOOK_SECONDS = 0.5
arguments = nothing

EXAMPLES = """\
  jobctl nodes -o wide
  jobctl nodes drain 12 --reason 'new kernel' --wait
  jobctl nodes resume 12
  jobctl nodes --json | jq '[.[] | select(.alive)] | length'
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
    Column("NOTE", lambda node: _note(node)),
    Column("CLAIMED", "claimed", wide=True, right=True),
    Column("VERSION", "version", wide=True),
    Column("LEASE UNTIL", lambda node: clock(node["lease_until"]), wide=True),
    Column("LEFT", lambda node: clock(node["left_at"]), wide=True),
)


def _note(node: Row) -> str:
    if node["desired"] == "running" or not node["alive"]:
        return ""
    return f"by {node['desired_by'] or 'somebody'}: {node['desired_reason'] or 'no reason given'}"


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    output.rows(daemon().get("/v1/nodes")["nodes"], COLUMNS, key="id")
    return DONE


def _draining(parser: argparse.ArgumentParser) -> None:
    reasoned("NODE")(parser)
    parser.add_argument("--wait", action="store_true", help="until nothing is left on it")


def _drain(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    code = asking("nodes", "drain", "node {} begins nothing and finishes what it runs")(options, daemon, output)
    while options.wait and not _drained(daemon(), options.name):
        time.sleep(LOOK_SECONDS)
    return code


def _drained(daemon: Daemon, name: str) -> bool:
    nodes = {str(node["id"]): node for node in daemon.get("/v1/nodes")["nodes"]}
    return name not in nodes or not nodes[name]["alive"] or nodes[name]["state"] == "drained"


ACTIONS = (
    Action("list", "the same as nothing", nothing, run, "jobctl nodes list -o wide"),
    Action("quiet", "it begins nothing new", reasoned("NODE"),
           asking("nodes", "quiet", "node {} begins nothing; what it runs goes on"),
           "jobctl nodes quiet 12 --reason 'one look at its disk'"),
    Action("drain", "as quiet, and it says when nothing is left", _draining, _drain),
    Action("resume", "it takes runs again", reasoned("NODE"), asking("nodes", "resume", "node {} takes runs again")),
)  # fmt: skip
