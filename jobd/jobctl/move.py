"""Let runs that wait, named by their ids, wait in another queue: one bulk for each hundred of them, nobody is asked."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from jobd.jobctl.bulk import change_all
from jobd.jobctl.failures import CONFLICT, DONE, NOT_FOUND, Failure
from jobd.jobctl.output import Output, Row
from jobd.jobctl.transport import Daemon

TOGETHER = 80
"""Ids of a bulk: a filter has 2000 characters, and the longest id has 19."""
WAITS = ("waiting", "scheduled", "queued")


def run(options: argparse.Namespace, daemon: Callable[[], Daemon], output: Output) -> int:
    """The exit code; a run that cannot be moved is told, and the others are moved all the same."""
    asked, ids, exit_code = daemon(), list(dict.fromkeys(options.ids)), DONE
    for start in range(0, len(ids), TOGETHER):
        some = ids[start : start + TOGETHER]
        page = asked.get("/v1/runs", filter=_filter(some), limit=TOGETHER)
        found = {row["id"]: row for row in page["runs"]}
        kept = {run_id: _refused(run_id, found.get(run_id)) for run_id in some}
        for failure in filter(None, kept.values()):
            output.failure(failure)
            exit_code = exit_code or failure.exit_code
        if moved := [run_id for run_id in some if kept[run_id] is None]:
            words = {"reason": options.reason, "queue": options.to}
            done = change_all(asked, output, action="move", filter_text=_filter(moved), yes=True, **words)
            exit_code = exit_code or done
    return exit_code


def _filter(ids: Sequence[int]) -> str:
    return f"id:{','.join(map(str, ids))}"


def _refused(run_id: int, row: Row | None) -> Failure | None:
    if row is None:
        return Failure(NOT_FOUND, "not_found", f"there is no run {run_id}, or it is older than history is kept")
    if row["state"] not in WAITS:
        words = f"run {run_id} is {row['state']}: only a run that waits can be moved"
        return Failure(CONFLICT, "conflict", words)
    return None
