"""What waits in which queue, for how long, and what its limits are. A pause and a weight can be undone."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from jobd.jobctl.actions import Action, nothing
from jobd.jobctl.bulk import watched
from jobd.jobctl.confirm import sure
from jobd.jobctl.failures import DONE, WRONG_USE, Failure
from jobd.jobctl.lists import QUEUES
from jobd.jobctl.output import Output
from jobd.jobctl.transport import Daemon, quoted
from jobd.jobctl.wishes import asking, pausing, reasoned, said, told

arguments = nothing

EXAMPLES = """\
  jobctl queues -o wide
  jobctl queues pause low --for 30m --reason 'backup of the database'
  jobctl queues weight critical 20
  jobctl queues --json | jq -r '.[] | select(.oldest_seconds > 60) | .name'
"""


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    output.rows(daemon().get("/v1/queues")["queues"], QUEUES)
    return DONE


def _weighing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="QUEUE")
    parser.add_argument("weight", metavar="WEIGHT", help="1 to 1000, or `default` for the configured one")
    parser.add_argument("--reason", help="kept, and shown to whoever wonders")


def _weigh(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    if options.weight != "default" and not options.weight.isdecimal():
        raise Failure(WRONG_USE, "usage", f"weight {options.weight}: a number from 1 to 1000, or default")
    weight = None if options.weight == "default" else int(options.weight)
    body = json.dumps({"weight": weight, "reason": options.reason})
    changed = daemon().post(f"/v1/queues/{quoted(options.name)}/weight", body)
    words = "its configured weight again" if weight is None else f"weight {weight} until somebody says otherwise"
    return told(changed, f"queue {options.name} has {words}", output)


def _purging(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="QUEUE")
    parser.add_argument("--reason", help="kept with the runs and in the audit")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")


def _purge(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    asked = daemon()
    queue = asked.get(f"/v1/queues/{quoted(options.name)}")
    waiting = queue["queued"]["count"] + queue["scheduled"]["count"]
    more = queue["queued"]["more"] or queue["scheduled"]["more"]
    question = f"cancel all {waiting:,}{'+' if more else ''} runs that wait in queue {options.name}?"
    sure(question, yes=options.yes, typed=options.name)
    from jobd.model.bulk import EVERY  # with what it needs, too much for every start

    body = {"expected_count": EVERY if more else waiting, "reason": options.reason}
    return watched(asked, asked.post(f"/v1/queues/{quoted(options.name)}/purge", said(body)), output)


ACTIONS = (
    Action("list", "the same as without it", nothing, run, "jobctl queues list -o wide"),
    Action("pause", "nothing of it starts until it is resumed", pausing("QUEUE"),
           asking("queues", "pause", "queue {} is paused; what runs goes on")),
    Action("resume", "its runs start again", reasoned("QUEUE"), asking("queues", "resume", "queue {} goes on"),
           "jobctl queues resume low --reason 'the disk has room again'"),
    Action("weight", "its share of the workers, until it is given back", _weighing, _weigh),
    Action("purge", "cancel all runs that wait in it", _purging, _purge,
           "jobctl queues purge low --reason 'wrong month'"),
)  # fmt: skip
