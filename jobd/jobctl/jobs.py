"""The jobs: what they take, where they wait, when they are due and how they did last."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from jobd.jobctl.failures import DONE
from jobd.jobctl.output import Column, Output, Row, as_json
from jobd.jobctl.transport import Daemon, quoted
from jobd.jobctl.words import ago, clock

EXAMPLES = """\
  jobctl jobs
  jobctl jobs send-email
  jobctl jobs -o wide
  jobctl jobs --json | jq -r '.[] | select(.last.state == "failed") | .name'
"""


def _takes(job: Row) -> str:
    if job["parameters"] is None:
        return "unknown here"
    if job["command"]:
        return "anything, as JSON in JOBD_ARGS"
    listed = [_parameter(one) for one in job["parameters"]]
    return ", ".join([*listed, *(["anything"] if job["open"] else [])]) or "nothing"


def _parameter(one: Row) -> str:
    default = "" if one["required"] else f" = {as_json(one['default'], indent=None)}"
    return f"{one['name']}: {one['type']}{default}"


def _last(row: Row) -> str:
    last, again = row["last"], f"{row['retrying']:,} retrying" if row["retrying"] else ""
    if last is None:
        return again or "never"
    ended = f"{last['state']} {ago(last['finished_at'])}".removesuffix(" -")
    return f"{again}; {ended}" if again else ended


COLUMNS = (
    Column("JOB", "name"),
    Column("QUEUE", "queue"),
    Column("RUNNING", "running", right=True),
    Column("LAST", _last),
    Column("NEXT", lambda job: ago(job["next_due"])),
    Column("LAST RUN", lambda job: (job["last"] or {}).get("id"), wide=True, right=True),
    Column("NEXT DUE", lambda job: clock(job["next_due"]), wide=True),
    Column("PRIORITY", "priority", wide=True, right=True),
    Column("RETRIES", "retries", wide=True, right=True),
    Column("TAKES", _takes, wide=True),
    Column("NOTE", lambda job: "" if job["enabled"] else f"disabled: {job['disabled_reason'] or 'by jobd.toml'}"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="JOB", help="only this one, with all that is known")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    if options.name is not None:
        job = daemon().get(f"/v1/jobs/{quoted(options.name)}")
        if output.form == "table":
            output = Output("wide")
        output.rows([job], COLUMNS)
    else:
        output.rows(daemon().get("/v1/jobs")["jobs"], COLUMNS)
    return DONE
