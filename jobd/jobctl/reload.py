"""Take over a changed configuration: checked as a whole first, and taken as a whole or not at all.

Jobs, schedules, queues, [defaults], [keep], [mail], [paymob] and [daemon] grace hold at once; all else waits for a
restart, and so does the code of a module that was imported before.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.differences import lines
from jobd.jobctl.failures import DONE
from jobd.jobctl.output import WHOLE, Output
from jobd.jobctl.transport import Daemon
from jobd.jobctl.wishes import said

EXAMPLES = """\
  jobctl reload --dry-run
  jobctl reload --reason 'a queue for month end'
  jobctl reload --json | jq .restart
  jobctl reload && jobctl schedules
"""
forms = WHOLE


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only tell what is different")
    parser.add_argument("--reason", help="kept in the audit")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    changes = daemon().post("/v1/reload", said({"dry_run": options.dry_run, "reason": options.reason}))
    output.one(changes, lines, key="taken")
    return DONE
