"""Waiting for the end of a run: long questions that the daemon answers when it ends."""

from __future__ import annotations

import sys
import time

from jobd.jobctl.failures import INTERRUPTED, TIMED_OUT, Failure
from jobd.jobctl.output import Row
from jobd.jobctl.transport import Daemon
from jobd.model.display import display_safe

LOOK = 5.0
"""Seconds of one long question; the daemon answers at once when the run ends, failures are told in between."""


def ended(daemon: Daemon, run_id: int, deadline: float | None) -> Row:
    """The run, once it has ended; `deadline` by the monotonic clock.

    Raises:
        Failure: it has not ended by then, or the operator waits no longer; it goes on.
    """
    try:
        return _ended(daemon, run_id, deadline)
    except KeyboardInterrupt:
        words = f"no longer waiting; run {run_id} goes on"
        raise Failure(INTERRUPTED, "interrupted", words, f"jobctl cancel {run_id}") from None


def _ended(daemon: Daemon, run_id: int, deadline: float | None) -> Row:
    told = 0
    while True:
        left = LOOK if deadline is None else min(LOOK, max(deadline - time.monotonic(), 0))
        run: Row = daemon.get(f"/v1/runs/{run_id}/wait", timeout=left, patience=left)
        if run["finished_at"]:
            return run
        told = _tell(run, told)
        if deadline is not None and time.monotonic() >= deadline:
            hint = f"jobctl why run {run_id}"
            raise Failure(TIMED_OUT, "timed_out", f"run {run_id} has not ended yet ({run['state']}); it goes on", hint)


def _tell(run: Row, told: int) -> int:
    """Say once of each attempt that failed while somebody waits; the number of the last one that was told."""
    failed = [attempt for attempt in run.get("attempts") or () if attempt["attempt"] > told]
    for attempt in failed:
        what = f"attempt {attempt['attempt']} {attempt['outcome']}: {attempt['error'] or 'no reason given'}"
        sys.stderr.write(display_safe(f"{what}; the run goes on, Ctrl-C ends the waiting alone") + "\n")
    return max(told, *(int(attempt["attempt"]) for attempt in failed)) if failed else told
