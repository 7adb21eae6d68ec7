"""How the daemon that answers is, what waits in which queue, and who else works on this database."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from jobd.jobctl.failures import DONE, Failure
from jobd.jobctl.lists import NODES, QUEUES
from jobd.jobctl.output import WHOLE, Output, Row
from jobd.jobctl.transport import Daemon
from jobd.jobctl.words import ago, count, length
from jobd.model.display import display_safe

EXAMPLES = """\
  jobctl status
  jobctl status --json | jq .ready
  jobctl status --glance
  watch -n 5 jobctl status
"""
GLANCE_SECONDS = 2.0
"""A prompt waits no longer for a daemon that is stuck."""
_SAID = {"retried": "attempts failed that are tried again"}
"""Outcomes whose name says too little."""
forms = WHOLE


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--glance", action="store_true", help="one line for a prompt or a status line, without colours")
    parser.add_argument("--tmux", action="store_true", help="the same in the colours of tmux: status-right '#(…)'")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    if options.glance or options.tmux:
        return _glance(daemon, output, tmux=options.tmux)
    status = daemon().get("/v1/status")
    status["health"]["id"] = status["health"]["node"]
    if output.form not in ("table", "wide"):
        output.one(status, lambda _: (), key="ready")
        return DONE
    for line in _head(status):
        output.text(line)
    for title, rows, columns in (
        ("queues", status["queues"], QUEUES),
        ("nodes", status["nodes"], NODES),
    ):
        if rows:
            output.text(f"\n{title}")
            output.table(rows, [column for column in columns if output.form == "wide" or not column.wide])
    return DONE


def _retrying(waiting: Row | None) -> Sequence[str]:
    """A failing job is not seen among the scheduled runs, where those that try again wait."""
    if not waiting or not waiting["count"]:
        return ()
    runs = "1 run waits" if waiting["count"] == 1 else f"{count(waiting)} runs wait"
    return (f"warning: {runs} to be tried again: jobctl failed --state retrying says why",)


def _glance(daemon: Callable[[], Daemon], output: Output, *, tmux: bool) -> int:
    """A daemon that does not answer is a line of its own, not a complaint: a prompt would show that every time."""
    from jobd.jobctl.glance import lines, seen, unseen

    try:
        asked = daemon()
        asked.seconds = GLANCE_SECONDS
        glance = seen(asked.get("/v1/status"))
    except Failure as failure:
        if output.form not in ("table", "wide"):
            raise
        glance, code = unseen(failure), failure.exit_code
    else:
        code = DONE
    output.one(glance, lambda found: lines(found, tmux=tmux), key="ready")
    return code


def _head(status: Row) -> Sequence[str]:
    health = status["health"]
    ready = "ready" if status["ready"] else "NOT READY"
    node = f"node {health['node']}" if health["node"] else "no node"
    lines = [
        f"jobd {health['version']} “{health['name']}” ({health['environment']}): {health['state']}, {ready}",
        f"{node} on {health['host']}, pid {health['pid']}, started {ago(health['started_at'])}, "
        f"{health['busy']} of {health['workers']} workers busy, lease good for {length(health['trusted_seconds'])}",
        f"database: {health['database'] or 'unknown'}",
    ]
    lines += [f"{notice['level']}: {notice['message']}" for notice in health["notices"]]
    if status["store_error"]:
        lines.append(f"error: Postgres does not answer: {status['store_error']}")
    if counts := status["counts"]:
        said = [f"{n:,} {_SAID.get(outcome, outcome)}" for outcome, n in counts["hour"].items() if n]
        hour = ", ".join(said) or "nothing ended"
        lines.append(
            f"runs: {count(counts['queued'])} queued, {counts['running']:,} running, "
            f"{count(counts['scheduled'])} scheduled; last hour: {hour}"
        )
        lines += _retrying(counts.get("retrying"))
    return [display_safe(line) for line in lines]
