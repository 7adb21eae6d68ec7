"""Every setting of the daemon that answers, with its value and where it comes from; secrets are masked."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.actions import Action
from jobd.jobctl.failures import DONE, NOT_FOUND, Failure
from jobd.jobctl.output import Column, Output
from jobd.jobctl.transport import Daemon

EXAMPLES = """\
  jobctl config show --origin
  jobctl config show mail.
  jobctl config show --json | jq -r '.[] | select(.origin != "default") | .key'
  jobctl config show --drift
"""
KEY, VALUE, ORIGIN = Column("KEY", "key"), Column("VALUE", "value"), Column("ORIGIN", "origin")
DRIFT = (Column("WHAT", "key"), Column("IS", "value"), Column("BECAUSE", "reason"))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prefix", nargs="?", default="", metavar="PREFIX", help="only keys that begin so")
    parser.add_argument("--origin", action="store_true", help="also file and line of each")
    parser.add_argument("--drift", action="store_true", help="what is not as the files say, and why")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    found = daemon().get("/v1/config")
    if options.drift:
        output.rows(found["drift"], DRIFT, key="key")
        return DONE
    rows = [row for row in found["settings"] if row["key"].startswith(options.prefix)]
    if not rows:
        words = f"no setting begins with {options.prefix}"
        raise Failure(NOT_FOUND, "not_found", words, "jobctl config lists all of them")
    output.rows(rows, (KEY, VALUE, *((ORIGIN,) if options.origin or output.form == "wide" else ())), key="key")
    return DONE


ACTIONS = (Action("show", "the same as without it", arguments, run),)
