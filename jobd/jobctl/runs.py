"""List runs, newest first: those that wait or run, then those that ended, the latest end first.

A filter is made of words: id:811,812 state:failed,cancelled job:send-* queue:low since:1h attempt:>1 took:>5s
arg.user_id:42 error:timeout, and free text. The same words find what `retry`, `cancel` and `move` change.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl import cancel, logs, move, retry, show, wait
from jobd.jobctl.actions import Action
from jobd.jobctl.bulk import change_all
from jobd.jobctl.failures import DONE, WRONG_USE, Failure
from jobd.jobctl.numbers import amount, number
from jobd.jobctl.output import WHOLE, Output
from jobd.jobctl.tables import RUNS
from jobd.jobctl.transport import Daemon

TYPE_CHECKING = False
if TYPE_CHECKING:  # not at run time: typing would be a twentieth of the time that jobctl takes to start
    from jobd.jobctl.actions import Run

OPTIONS = ("state", "job", "queue", "schedule", "since", "until")
EXAMPLES = """\
  jobctl runs --state failed --limit 10
  jobctl runs list 'job:send-* queue:low since:1h' -o wide
  jobctl runs retry --filter 'state:failed job:reconcile-payments since:1d'
  jobctl runs cancel --filter 'state:queued queue:low' --reason 'wrong month' --yes
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("filter", nargs="*", metavar="FILTER", help="words as above")
    parser.add_argument("--state", metavar="STATE,…", help="scheduled, queued, running, succeeded, failed, …")
    parser.add_argument("--job", metavar="NAME", help="may hold *")
    parser.add_argument("--queue", metavar="NAME")
    parser.add_argument("--schedule", metavar="NAME")
    parser.add_argument("--since", metavar="1h", help="ended, or added where it has not, no longer ago than this")
    parser.add_argument("--until", metavar="30m", help="ended, or added where it has not, so long ago at the least")
    parser.add_argument("--limit", "-n", type=amount, default=50, metavar="N", help="at most so many, up to 1000 (50)")
    parser.add_argument("--after", metavar="CURSOR", help="go on behind an earlier page")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    page = daemon().get("/v1/runs", filter=_filter(options), limit=options.limit, after=options.after)
    output.rows(page["runs"], RUNS, key="id")
    if page.get("since"):
        output.note(f"ended runs before {page['since']} were not searched: since:7d looks further back")
    if page["next"]:
        output.note(f"there are more: --after {page['next']}")
    return DONE


def _filter(options: argparse.Namespace) -> str | None:
    """Words and options as one filter; None takes every run."""
    said = [f"{name}:{_word(value)}" for name in OPTIONS if (value := getattr(options, name))]
    return " ".join([*options.filter, *said]) or None


def _word(value: str) -> str:
    return f'"{value}"' if any(mark in value for mark in ' ":') else value


def _many(action: str, one: Run) -> Run:
    """For ids where some are given, for all that a filter finds where that is."""

    def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
        if bool(options.ids) is bool(options.filter):
            raise Failure(WRONG_USE, "usage", f"{action}: give ids, or --filter", f"jobctl runs {action} --help")
        if options.ids:
            return one(options, daemon, output)
        reason, queue = getattr(options, "reason", None), getattr(options, "to", None)
        return change_all(
            daemon(), output, action=action, filter_text=options.filter, yes=options.yes, reason=reason, queue=queue
        )

    return run


def _choosing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", type=number, nargs="*", metavar="ID")
    parser.add_argument("--filter", metavar="FILTER", help="all runs that it finds, as in state:failed,retrying")
    parser.add_argument("--reason", help="kept with the runs and in the audit")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")


def _moving(parser: argparse.ArgumentParser) -> None:
    _choosing(parser)
    parser.add_argument("--to", metavar="QUEUE", required=True, help="where they wait from now on")


ACTIONS = (
    Action("list", "the same as without it", arguments, run),
    Action("show", "one run whole", show.arguments, show.run, "jobctl runs show 812"),
    Action("retry", "start ended runs again, scheduled ones now, by id or filter", _choosing,
           _many("retry", retry.run)),
    Action("cancel", "end runs that wait or run, by id or filter", _choosing, _many("cancel", cancel.run)),
    Action("move", "let waiting runs wait in another queue, by id or filter", _moving, _many("move", move.run),
           "jobctl runs move 812 813 --to default"),
    Action("wait", "until runs have ended", wait.arguments, wait.run, "jobctl runs wait 812 813 --timeout 600"),
    Action("logs", "what a run said, as far as it is stored, and what finds the rest", show.arguments, logs.run,
           "jobctl runs logs 812", forms=WHOLE),
)  # fmt: skip
