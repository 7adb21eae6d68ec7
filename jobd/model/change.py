"""What operators change while the daemon runs, who they are, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What can be journalled; the part before the dot is the noun of the target."""

    QUEUE_PAUSE = "queue.pause"
    QUEUE_RESUME = "queue.resume"
    QUEUE_WEIGHT = "queue.weight"
    QUEUE_PURGE = "queue.purge"
    SCHEDULE_PAUSE = "schedule.pause"
    SCHEDULE_RESUME = "schedule.resume"
    SCHEDULE_TRIGGER = "schedule.trigger"
    SCHEDULE_ADD = "schedule.add"
    SCHEDULE_EDIT = "schedule.edit"
    SCHEDULE_REMOVE = "schedule.remove"
    CONFIG_RELOAD = "config.reload"
    CONFIG_LOAD = "config.load"
    DATABASE_ADOPT = "database.adopt"
    NODE_QUIET = "node.quiet"
    NODE_DRAIN = "node.drain"
    NODE_RESUME = "node.resume"
    RUN_CANCEL = "run.cancel"
    RUN_RETRY = "run.retry"
    BULK_RETRY = "bulk.retry"
    BULK_CANCEL = "bulk.cancel"
    BULK_MOVE = "bulk.move"
    BULK_STOP = "bulk.stop"
    MESSAGE_RESEND = "message.resend"
    MESSAGE_HOLD = "message.hold"
    MESSAGE_RELEASE = "message.release"
    TOKEN_ADD = "token.add"  # noqa: S105 - a word, no token
    TOKEN_REVOKE = "token.revoke"  # noqa: S105
    UNDO = "undo"

    @property
    def noun(self) -> str:
        return self.value.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asked for a change, as the journal names them."""

    name: str
    """`uid:1000 (alice)` or `token:ci`."""
    uid: int | None = None
    """On the Unix socket, as the kernel says; absent on TCP."""
    pid: int | None = None
    token: str | None = None
    """The name of the bearer token; absent on the Unix socket."""

    @classmethod
    def program(cls, command: str, *, uid: int, pid: int) -> Actor:
        """A program that acts by itself: `uid:0 (jobd adopt)`."""
        return cls(name=f"uid:{uid} ({command})", uid=uid, pid=pid)

    @property
    def source(self) -> str:
        """As runs remember it: `api uid:1000`, `api token:ci`."""
        return f"api token:{self.token}" if self.token is not None else f"api uid:{self.uid}"


SIGNAL = Actor(name="signal")
"""Who sends SIGHUP: the kernel lets only root and the daemon's own user, and does not tell which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One wish about a queue, a schedule or a node."""

    action: Action
    target: str
    """The name of the queue or schedule, the number of the node."""
    reason: str | None = None
    until: datetime | None = None
    """Of a pause: when it ends by itself; absent: when somebody resumes."""
    weight: int | None = None
    """Of a weight; absent: the configured one again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is to stand in the journal, once what it tells of is done."""

    who: Actor
    action: Action
    target: str
    reason: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the journal."""

    id: int
    at: datetime
    actor: str
    uid: int | None
    pid: int | None
    token: str | None
    action: str
    target: str
    reason: str | None
    before: Mapping[str, Any] | None
    """What the change replaced; absent where there was nothing."""
    after: Mapping[str, Any] | None
    undoes: int | None
    undone_by: int | None

    @property
    def can_be_undone(self) -> bool:
        """A pause, a weight or a node's state, unless that was done already."""
        return self.before is not None and self.undone_by is None and self.action in UNDOABLE


UNDOABLE = frozenset(
    {
        Action.QUEUE_PAUSE,
        Action.QUEUE_RESUME,
        Action.QUEUE_WEIGHT,
        Action.SCHEDULE_PAUSE,
        Action.SCHEDULE_RESUME,
        Action.NODE_QUIET,
        Action.NODE_DRAIN,
        Action.NODE_RESUME,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """The journal, newest first."""

    entries: tuple[AuditEntry, ...]
    next: str | None = None
