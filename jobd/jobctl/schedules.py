"""When jobs are due: each schedule with its next and last slot, and how the last one went."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.output import Column, Output, Row
from jobd.jobctl.transport import Daemon
from jobd.jobctl.words import ago, clock, length

EXAMPLES = """\
  jobctl schedules
  jobctl schedules -o wide
  jobctl schedules --json | jq -r '.[] | [.name, .next_slot] | @tsv'
  jobctl show $(jobctl schedules --json | jq '.[0].last.id')
"""


def _due(schedule: Row) -> str:
    if schedule["cron"]:
        return str(schedule["cron"])
    if schedule["every_seconds"]:
        return f"every {length(schedule['every_seconds'])}"
    return f"at {clock(schedule['at'])}"


def _note(schedule: Row) -> str:
    if schedule["paused_at"]:
        return f"paused by {schedule['paused_by'] or 'somebody'}: {schedule['pause_reason'] or 'no reason given'}"
    return "" if schedule["enabled"] else f"disabled: {schedule['disabled_reason'] or 'by jobd.toml'}"


COLUMNS = (
    Column("SCHEDULE", "name"),
    Column("JOB", "job"),
    Column("DUE", _due),
    Column("ZONE", "timezone"),
    Column("NEXT", lambda schedule: ago(schedule["next_slot"])),
    Column("LAST", lambda schedule: ago(schedule["last_slot"])),
    Column("OUTCOME", lambda schedule: (schedule["last"] or {}).get("state")),
    Column("NEXT SLOT", lambda schedule: clock(schedule["next_slot"]), wide=True),
    Column("LAST SLOT", lambda schedule: clock(schedule["last_slot"]), wide=True),
    Column("LAST RUN", lambda schedule: (schedule["last"] or {}).get("id"), wide=True, right=True),
    Column("PLACE", "place", wide=True),
    Column("NOTE", _note),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("list", nargs="?", choices=["list"], help="the same as nothing")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    output.rows(daemon().get("/v1/schedules")["schedules"], COLUMNS)
    return DONE
