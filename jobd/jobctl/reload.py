"""Take over a changed configuration: checked as a whole first, and taken as a whole or not at all.

Jobs, schedules, queues, [defaults], [keep], [mail], [paymob] and [daemon] grace hold at once; all else waits for a
restart, and so does the code of a module that was imported before.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from jobd.jobctl.differences import lines
from jobd.jobctl.failures import DONE
from jobd.jobctl.output import Output
from jobd.jobctl.transport import Daemon

EXAMPLES = """\
  jobctl reload --dry-run
  jobctl reload
  jobctl reload --json | jq .restart
  jobctl reload && jobctl schedules
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only tell what is different")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    changes = daemon().post("/v1/reload", json.dumps({"dry_run": options.dry_run}))
    output.one(changes, lines, key="taken")
    return DONE
