"""Why something is as it is: one sentence with its causes, and a command for what can be changed about them."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE, WRONG_USE, Failure
from jobd.jobctl.output import Output, Row
from jobd.jobctl.transport import Daemon, quoted
from jobd.model.display import display_safe

EXAMPLES = """\
  jobctl why run 812
  jobctl why 812
  jobctl why queue low
  jobctl why schedule nightly --json | jq -r '.causes[].code'
"""
KINDS = ("run", "queue", "schedule")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="+", metavar="WHAT", help="run ID, queue NAME, schedule NAME, or a run's number")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    kind, name = _asked(options.what)
    why = daemon().get(f"/v1/why/{kind}/{quoted(name)}")
    output.one(why, _lines, key="sentence")
    return DONE


def _asked(words: list[str]) -> tuple[str, str]:
    if len(words) == 1 and words[0].isdecimal():
        return "run", words[0]
    if len(words) != 2 or words[0].rstrip("s") not in KINDS:
        told = f"why {' '.join(words)}: ask for a run, a queue or a schedule"
        raise Failure(WRONG_USE, "usage", told, "jobctl why --help")
    kind, name = words[0].rstrip("s"), words[1]
    if kind == "run" and not name.isdecimal():
        raise Failure(WRONG_USE, "usage", f"why run {name}: a run has a number", "jobctl runs lists them")
    return kind, name


def _lines(why: Row) -> list[str]:
    lines = [why["sentence"]]
    mends = dict.fromkeys(cause["mend"] for cause in why["causes"] if cause["mend"])
    return [display_safe(line) for line in [*lines, *(f"  → {mend}" for mend in mends)]]
