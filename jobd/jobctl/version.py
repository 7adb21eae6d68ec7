"""The versions of jobctl and of the daemon; the daemon's is absent when none answers."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd import __version__
from jobd.jobctl.failures import DONE, Failure
from jobd.jobctl.output import Output, Row
from jobd.jobctl.transport import Daemon
from jobd.model.display import display_safe

EXAMPLES = """\
  jobctl version
  jobctl version --json
  jobctl version --json | jq -r .daemon
  jobctl --socket /run/jobd/jobd.sock version
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    found: Row = {"jobctl": __version__, "daemon": None}
    try:
        found["daemon"] = daemon().get("/v1/status")["health"]["version"]
    except Failure as failure:
        output.note(f"no daemon asked: {failure.message}")
    output.one(found, _lines, key="jobctl")
    return DONE


def _lines(found: Row) -> list[str]:
    shown = [f"jobctl {found['jobctl']}"]
    if found["daemon"]:
        older = "" if found["daemon"] == found["jobctl"] else "  (not the same: restart the older one)"
        shown.append(f"jobd   {display_safe(found['daemon'])}{older}")
    return shown
