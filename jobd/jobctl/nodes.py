"""The daemons on this database: those alive, then those that left or were lost since yesterday.

A quiet node finishes what it runs and begins nothing; a drained one says so when nothing is left.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from jobd.jobctl.actions import Action, nothing
from jobd.jobctl.failures import CONFLICT, DONE, INTERRUPTED, Failure
from jobd.jobctl.lists import NODES
from jobd.jobctl.numbers import number
from jobd.jobctl.output import Output, Row
from jobd.jobctl.transport import Daemon
from jobd.jobctl.wishes import asking, reasoned
from jobd.model.display import display_safe

LOOK_SECONDS = 0.5
NAMED = 5
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
    reasoned("NODE", number)(parser)
    parser.add_argument("--wait", action="store_true", help="until nothing is left on it")


def _drain(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    code = asking("nodes", "drain", "node {} begins nothing and finishes what it runs")(options, daemon, output)
    if options.wait:
        try:
            _emptied(daemon(), str(options.name))
        except KeyboardInterrupt:
            words = f"no longer waiting; node {options.name} goes on to drain"
            raise Failure(INTERRUPTED, "interrupted", words, f"jobctl nodes resume {options.name}") from None
    return code


def _emptied(daemon: Daemon, name: str) -> None:
    """Returns when nothing is left on the node; says which runs are, and again when they are others.

    Raises:
        Failure: somebody told it meanwhile to do something else.
    """
    told = ""
    while node := _at_work(daemon, name):
        if (left := _left(daemon, node)) != told:
            sys.stderr.write(display_safe(left) + "\n")
            told = left
        time.sleep(LOOK_SECONDS)


def _at_work(daemon: Daemon, name: str) -> Row | None:
    """The node while it drains; None when it has, or is gone."""
    node: Row | None = next((one for one in daemon.get("/v1/nodes")["nodes"] if str(one["id"]) == name), None)
    if node is None or not node["alive"] or node["state"] == "drained":
        return None
    if node["desired"] != "drain":
        who = f" by {node['desired_by']}" if node["desired_by"] else ""
        words = f"node {name} was told{who} to be {node['desired']} meanwhile: it does not drain"
        raise Failure(CONFLICT, "conflict", words, f"jobctl nodes drain {name} --wait")
    return node


def _left(daemon: Daemon, node: Row) -> str:
    """The runs that are left, the latest ones by name."""
    runs = daemon.get("/v1/runs", filter=f"node:{node['id']} state:running", limit=NAMED)["runs"]
    named, more = [f"run {run['id']} ({run['job']})" for run in runs], node["running"] - len(runs)
    if more > 0:
        named.append(f"{more:,} more")
    return f"node {node['id']} still works on {' and '.join(named)}" if runs else f"node {node['id']} ends"


ACTIONS = (
    Action("list", "the same as without it", nothing, run, "jobctl nodes list -o wide"),
    Action("quiet", "it begins nothing new", reasoned("NODE", number),
           asking("nodes", "quiet", "node {} begins nothing; what it runs goes on"),
           "jobctl nodes quiet 12 --reason 'one look at its disk'"),
    Action("drain", "as quiet, and it says when nothing is left", _draining, _drain),
    Action("resume", "it takes runs again", reasoned("NODE", number),
           asking("nodes", "resume", "node {} takes runs again")),
)  # fmt: skip
