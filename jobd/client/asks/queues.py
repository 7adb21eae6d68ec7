"""Queues: as they stand, and what can be done to them."""

from __future__ import annotations

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask, as_json, place, reader, told
from jobd.model.bulk import Bulk
from jobd.model.change import AuditEntry
from jobd.model.reports import QueueReport


def listed() -> Ask[list[QueueReport]]:
    """All queues, the heaviest first."""
    return ask.listed(QueueReport, "/v1/queues", "queues")


def one(name: str) -> Ask[QueueReport]:
    """The queue of that name."""
    return ask.shown(QueueReport, place("queues", name))


def pause(name: str, *, reason: str | None = None, lasts: str | None = None) -> Ask[AuditEntry]:
    """The change. `lasts` is like `30m`; without it the pause ends when somebody resumes."""
    return told(f"{place('queues', name)}/pause", {"reason": reason, "for": lasts}, reader(AuditEntry))


def resume(name: str, reason: str | None = None) -> Ask[AuditEntry]:
    """The change."""
    return told(f"{place('queues', name)}/resume", {"reason": reason}, reader(AuditEntry))


def weight(name: str, weight: int | None, reason: str | None = None) -> Ask[AuditEntry]:
    """The change; None is the configured weight again."""
    said = {"weight": weight} if reason is None else {"weight": weight, "reason": reason}
    return Ask(method="POST", path=f"{place('queues', name)}/weight", body=as_json(said), read=reader(AuditEntry))


def purge(name: str, expected_count: int, reason: str | None = None) -> Ask[Bulk]:
    """A bulk that cancels all that waits there; Conflict when more than a tenth more waits than was expected."""
    body = {"expected_count": expected_count, "reason": reason}
    return told(f"{place('queues', name)}/purge", body, reader(Bulk))
