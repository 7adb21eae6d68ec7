"""Everything that the daemon needs from the outside, tried once, each with a line on how to mend it.

With -q only what is not well.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.actions import nothing
from jobd.jobctl.failures import DONE, FAILED
from jobd.jobctl.output import Column, Output
from jobd.jobctl.transport import Daemon
from jobd.model.display import display_safe

EXAMPLES = """\
  jobctl doctor
  jobctl doctor || echo 'something is wrong'
  jobctl doctor --json | jq -r '.findings[] | select(.verdict == "error") | .mend'
  jobctl doctor -q
"""
PATIENCE_SECONDS = 20.0
COLUMNS = (Column("NAME", "name"), Column("VERDICT", "verdict"), Column("TEXT", "text"), Column("MEND", "mend"))


arguments = nothing


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    found = daemon().get("/v1/doctor", patience=PATIENCE_SECONDS)
    if options.quiet:
        found["findings"] = [one for one in found["findings"] if one["verdict"] in ("warning", "error")]
    if output.form in ("csv", "id"):
        output.rows(found["findings"], COLUMNS)
    else:
        output.one(found, lambda found: [line for one in found["findings"] for line in lines(one)])
    return DONE if found["well"] else FAILED


def lines(finding: dict[str, str]) -> list[str]:
    """One finding to people, and below it what to do."""
    mend = [f"{'':<20}→ {finding['mend']}"] if finding["mend"] else []
    return [display_safe(line) for line in (f"{finding['verdict']:<8} {finding['name']:<10} {finding['text']}", *mend)]
