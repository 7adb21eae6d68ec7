"""One action on all runs that a filter finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from jobd.model.filter import Filter
from jobd.model.run import FINAL, RunState

EVERY = 10_000_000
"""The most that may be expected; says "all of them" where counting stopped at 10,000."""
GROWN = 1.1
"""How much larger than what somebody saw a set may be by the time they act on it."""


class BulkAction(StrEnum):
    RETRY = "retry"
    CANCEL = "cancel"
    MOVE = "move"


_OF = {
    BulkAction.RETRY: frozenset({*FINAL, RunState.SCHEDULED}),
    BulkAction.CANCEL: frozenset({*RunState} - FINAL),
    BulkAction.MOVE: frozenset({RunState.WAITING, RunState.SCHEDULED, RunState.QUEUED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """How it stands. `seen` runs were looked at, `changed` of them were in a state for it."""

    id: int
    action: BulkAction
    filter: str
    queue: str | None
    """Of a move: where to."""
    reason: str | None
    source: str
    state: str
    """running, done, cancelled, failed."""
    error: str | None
    expected: int
    matched: int
    """When it began; runs that came later are left alone."""
    seen: int
    changed: int
    created_at: datetime
    finished_at: datetime | None
    cursor: str | None = None


def bounded(action: BulkAction, chosen: Filter) -> Filter:
    """`chosen` within the states that this action is for.

    Raises:
        ValueError: none is left, or a retry that does not say which runs it means.
    """
    fit = _OF[action]
    if action is BulkAction.RETRY and not chosen.states:
        raise ValueError("a bulk retry says which runs it means, as in state:failed,cancelled or state:retrying")
    states = chosen.states & fit if chosen.states else fit
    if "retrying" in chosen.states:
        states |= {"retrying"}
    if not states:
        raise ValueError(f"{action} is for runs that are {', '.join(sorted(fit))}; the filter finds others only")
    return replace(chosen, states=frozenset(map(str, states)))


def most(expected: int) -> int:
    """How many runs may match by now, when somebody saw `expected`."""
    return int(expected * GROWN + 1e-9)
