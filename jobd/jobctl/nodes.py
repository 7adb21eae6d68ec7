"""The daemons on this database: those alive, then those that left or were lost since yesterday.

A quiet node finishes what it runs and begins nothing; a drained one says so when nothing is left.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from jobd.jobctl.actions import Action, nothing
from jobd.jobctl.failures import DONE
from jobd.jobctl.lists import NODES
from jobd.jobctl.output import Output
from jobd.jobctl.transport import Daemon
from jobd.jobctl.wishes import asking, reasoned

LOOK_SECONDS = 0.5
arguments = nothing

EXAMPLES = """\
  jobctl nodes -o wide
  jobctl nodes drain 12 --reason 'new kernel' --wait
  jobctl nodes resume 12
  jobctl nodes --json | jq '[.[] | select(.alive)] | length'
"""


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    output.rows(daemon().get("/v1/nodes")["nodes"], NODES, key="id")
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
