"""Schedules that the daemon writes down itself, in jobd.d/schedules.toml: add, edit, remove."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.actions import Action
from jobd.jobctl.differences import lines
from jobd.jobctl.failures import DONE, WRONG_USE, Failure
from jobd.jobctl.output import WHOLE, Output, Row
from jobd.jobctl.transport import Daemon, quoted
from jobd.jobctl.wishes import reasoned, said


def _table(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="SCHEDULE")
    parser.add_argument("--job", metavar="JOB", required=True, help="the job that is due")
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument("--cron", metavar="CRON", help="five fields, like '30 2 * * mon-fri'")
    when.add_argument("--every", metavar="90s", help="at even distances")
    when.add_argument("--at", metavar="INSTANT", help="once (ISO 8601)")
    parser.add_argument("--timezone", metavar="ZONE", help="by whose clock (the daemon's)")
    parser.add_argument("--catch-up-window", metavar="1h", help="how old a missed slot may be that still fires")
    parser.add_argument("--args-json", metavar="JSON", help="its arguments as one object")
    parser.add_argument("--disabled", action="store_true", help="written down, and does not fire")
    parser.add_argument("--reason", help="kept in the audit")


def _body(options: argparse.Namespace) -> Row:
    return {
        "job": options.job,
        "cron": options.cron,
        "every": options.every,
        "at": options.at,
        "timezone": options.timezone,
        "catch_up_window": options.catch_up_window,
        "args": _args(options.args_json),
        "enabled": False if options.disabled else None,
        "reason": options.reason,
    }


def _args(text: str | None) -> Row | None:
    if text is None:
        return None
    import json

    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Failure(WRONG_USE, "usage", f"--args-json: no JSON: {error}") from None
    if not isinstance(value, dict):
        raise Failure(WRONG_USE, "usage", '--args-json: write one object, like {"batch": 100}')
    return value


def _written(method: str, done: str) -> Callable[[argparse.Namespace, Callable[[], Daemon], Output], int]:
    def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
        body = said(_body(options) if method != "DELETE" else {"reason": options.reason})
        changes = daemon().ask(method, f"/v1/schedules/{quoted(options.name)}", body)
        output.one(changes, lines, key="taken")
        output.note(done.format(options.name))
        return DONE

    return run


FIRES = "jobctl schedules next {} shows when it fires"
EDITS = (
    Action("add", "a further schedule of a job", _table, _written("POST", FIRES), forms=WHOLE),
    Action("edit", "another table for one that was added", _table, _written("PUT", FIRES),
           "jobctl schedules edit hourly-tidy --job clean-old-audit-trail --every 30m", forms=WHOLE),
    Action("remove", "one that was added", reasoned("SCHEDULE"), _written("DELETE", "runs of {} that wait stay"),
           "jobctl schedules remove hourly-tidy", forms=WHOLE),
)  # fmt: skip
