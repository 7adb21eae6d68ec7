"""The outbox as people see it: messages and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from jobd.model.message import MessageState
from jobd.model.reports import Count


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReport:
    """One message. Times are aware UTC and absent until they happened."""

    id: int
    state: MessageState
    kind: str
    sender: str
    recipient: str
    subject: str
    message_id: str
    job: str
    run_id: int | None
    created_at: datetime
    due_at: datetime
    finished_at: datetime | None
    tries: int
    doubts: int
    """Answers lost after the final dot: only then can a message arrive twice."""
    node: int | None
    """Who has it in hand; absent unless it is being sent."""
    reply: str | None
    """What the server said last, or what kept us from hearing it."""
    key: str | None = None
    text: str | None = None
    """The bodies are there only where one message is shown."""
    html: str | None = None
    headers: dict[str, str] | str = field(default_factory=dict)
    """A text, `********`, where `[privacy] redact` names all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """Messages, newest first, without bodies."""

    messages: tuple[MessageReport, ...]
    counts: dict[str, Count]
    """All messages by state, each up to 10,000."""
    next: str | None = None
