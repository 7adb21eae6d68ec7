"""One request for each of several ids: every one is tried, each failure is told, the first decides the exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jobd.jobctl.failures import DONE, NO_DAEMON, Failure
from jobd.jobctl.output import Column, Output, Row


def for_each(ids: Sequence[int], ask: Callable[[int], Row], columns: Sequence[Column], output: Output) -> int:
    """The exit code; results are printed together at the end. Without a daemon the rest is not tried."""
    done: list[Row] = []
    exit_code = DONE
    for run_id in dict.fromkeys(ids):
        try:
            done.append(ask(run_id))
        except Failure as failure:
            if failure.exit_code == NO_DAEMON and not done:
                raise
            output.failure(failure)
            exit_code = exit_code or failure.exit_code
            if failure.exit_code == NO_DAEMON:
                break
    if done or output.for_programs:
        output.rows(done, columns, key="id")
    return exit_code
