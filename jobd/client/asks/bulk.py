"""Bulks: one action on all runs that a filter finds."""

from __future__ import annotations

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask, numbered, query, reader, told
from jobd.model.bulk import Bulk, BulkAction


def begin(
    action: BulkAction, filter: str, expected_count: int, reason: str | None = None, queue: str | None = None
) -> Ask[Bulk]:
    """A new bulk; Conflict when more than a tenth more match than were expected. `queue` is where a move goes."""
    body = {"action": str(action), "filter": filter, "expected_count": expected_count, "reason": reason, "to": queue}
    return told("/v1/runs/bulk", body, reader(Bulk))


def one(bulk: int) -> Ask[Bulk]:
    """How far it is."""
    return ask.shown(Bulk, numbered("bulk", bulk))


def stop(bulk: int, reason: str | None = None) -> Ask[Bulk]:
    """The bulk, which ends after the batch in hand."""
    return told(f"{numbered('bulk', bulk)}/cancel", {"reason": reason}, reader(Bulk))


def listed(limit: int = 50) -> Ask[list[Bulk]]:
    """The latest, newest first."""
    return ask.listed(Bulk, query("/v1/bulk", limit=limit), "bulks")
