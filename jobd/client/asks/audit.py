"""The journal: who changed what, and how to put it back."""

from __future__ import annotations

from jobd.client.asks.ask import Ask, numbered, query, reader, shown, told
from jobd.model.change import AuditEntry, AuditPage


def page(
    limit: int = 100,
    after: str | None = None,
    *,
    target: str | None = None,
    action: str | None = None,
    actor: str | None = None,
) -> Ask[AuditPage]:
    """The journal, newest first; `target`, `action` and `actor` may hold `*`."""
    return shown(AuditPage, query("/v1/audit", limit=limit, after=after, target=target, action=action, actor=actor))


def undo(entry: int, reason: str | None = None) -> Ask[AuditEntry]:
    """The change that puts back what that one replaced; Conflict when somebody has changed it since."""
    return told(f"{numbered('audit', entry)}/undo", {"reason": reason}, reader(AuditEntry))
