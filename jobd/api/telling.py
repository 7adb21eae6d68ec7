"""Endings of this process → events, for the feed while somebody listens."""

from __future__ import annotations

from collections.abc import Iterable

from jobd.api.feed import Feed
from jobd.model.run import Ending, Outcome, RunState

LONGEST_ERROR = 300
_STATES = {
    Outcome.SUCCEEDED: RunState.SUCCEEDED,
    Outcome.CANCELLED: RunState.CANCELLED,
    Outcome.FAILED: RunState.FAILED,
    Outcome.TIMED_OUT: RunState.FAILED,
    Outcome.LOST: RunState.FAILED,
}
"""What a run is after its last attempt ended so."""


def tell(feed: Feed, endings: Iterable[Ending]) -> None:
    """One event for each attempt that ended by itself; those that were handed back are no news."""
    for ending in endings:
        if ending.outcome is Outcome.INTERRUPTED:
            continue
        run, error = ending.run, ending.error
        feed.publish(
            "run.retrying" if ending.again else "run.ended",
            id=run.id,
            job=run.job,
            queue=run.queue,
            state=RunState.SCHEDULED if ending.again else _STATES[ending.outcome],
            attempt=run.attempt,
            node=ending.node,
            took=ending.took,
            error=None if error is None else error[:LONGEST_ERROR],
        )
