"""When jobs are due: each schedule with its next and last slot, and how the last one went.

`add`, `edit` and `remove` work on jobd.d/schedules.toml; what stands in jobd.toml is edited there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.actions import Action, nothing
from jobd.jobctl.failures import DONE
from jobd.jobctl.numbers import amount
from jobd.jobctl.output import Column, Output, Row
from jobd.jobctl.schedule_edits import EDITS
from jobd.jobctl.transport import Daemon, quoted
from jobd.jobctl.wishes import asking, pausing, reasoned, said
from jobd.jobctl.words import ago, clock, length
from jobd.model.display import display_safe

EXAMPLES = """\
  jobctl schedules -o wide
  jobctl schedules next nightly -n 10
  jobctl schedules pause nightly --until 2026-12-24T18:00 --reason holidays
  jobctl schedules add hourly-tidy --job clean-old-audit-trail --cron '7 * * * *'
"""
arguments = nothing


def _due(schedule: Row) -> str:
    if schedule["cron"]:
        return str(schedule["cron"])
    if schedule["every_seconds"]:
        return f"every {length(schedule['every_seconds'])}"
    return f"at {clock(schedule['at'])}"


def _note(schedule: Row) -> str:
    if schedule["paused_at"]:
        until = f" until {ago(schedule['paused_until'])}" if schedule["paused_until"] else ""
        who = schedule["paused_by"] or "somebody"
        reason = f": {schedule['pause_reason']}" if schedule["pause_reason"] else ""
        return f"paused by {who}{until}{reason}"
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
SLOTS = (Column("UTC", lambda slot: clock(slot["utc"])), Column("FROM NOW", lambda slot: ago(slot["utc"])))


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    output.rows(daemon().get("/v1/schedules")["schedules"], COLUMNS)
    return DONE


def _counting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="SCHEDULE")
    parser.add_argument("-n", type=amount, default=5, metavar="N", help="how many (5)")


def _next(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    found = daemon().get(f"/v1/schedules/{quoted(options.name)}/next", n=options.n)
    output.rows([{"utc": slot} for slot in found["next"]], SLOTS, key="utc")
    return DONE


def _explain(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    asked = daemon()
    found = asked.get(f"/v1/schedules/{quoted(options.name)}/next", n=options.n)
    found["why"] = asked.get(f"/v1/why/schedule/{quoted(options.name)}")
    output.one(found, _explained)
    return DONE


def _explained(found: Row) -> list[str]:
    lines = [
        f"{found['name']} runs {found['job']} {found['description']}",
        found["why"]["sentence"],
        f"after a stop its latest missed slot still fires when it is no older than {length(found['catch_up_seconds'])}",
        *(f"warning: {warning}" for warning in found["warnings"]),
        *(f"  {clock(slot)}  {ago(slot)}" for slot in found["next"]),
    ]
    return [display_safe(line) for line in lines]


def _trigger(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    added = daemon().post(f"/v1/schedules/{quoted(options.name)}/trigger", said({"reason": options.reason}))
    output.one(added, lambda added: [f"run {added['id']} added"], key="id")
    return DONE


ACTIONS = (
    Action("list", "the same as without it", nothing, run, "jobctl schedules list -o wide"),
    Action("next", "its next slots", _counting, _next),
    Action("explain", "in words when it fires, and why it does or does not", _counting, _explain,
           "jobctl schedules explain nightly"),
    Action("pause", "it does not fire until it is resumed", pausing("SCHEDULE"),
           asking("schedules", "pause", "schedule {} is paused")),
    Action("resume", "it fires again, from its next slot on", reasoned("SCHEDULE"),
           asking("schedules", "resume", "schedule {} goes on with its next slot"),
           "jobctl schedules resume nightly --reason 'holidays are over'"),
    Action("trigger", "a run of it now, with its arguments", reasoned("SCHEDULE"), _trigger,
           "jobctl wait $(jobctl schedules trigger nightly -o id)"),
    *EDITS,
)  # fmt: skip
