"""How a daemon feels: what `jobctl status` and `/readyz` tell about the node that answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    ERROR = "error"  # work does not go on as it should: not ready
    WARNING = "warning"  # somebody should look
    INFO = "info"  # as configured, but worth saying: mail is disabled


def shown_state(desired: str, *, busy: bool) -> str:
    """What a node does that operators want so: running, quiet, draining while something is under way, then drained."""
    match desired:
        case "quiet":
            return "quiet"
        case "drain":
            return "draining" if busy else "drained"
    return "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to know. `code` is stable for programs, `message` says it and what to do."""

    level: Level
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The node that answers. Ages and lengths are seconds."""

    name: str
    version: str
    environment: str
    host: str
    pid: int
    started_at: datetime
    node: int | None = None
    """Absent before it has joined, and after it was lost."""
    state: str = "running"
    """running, quiet, draining, drained, stopping."""
    workers: int = 0
    busy: int = 0
    trusted_seconds: float | None = None
    """How long the node's lease still lets it work without another beat; absent before it has joined."""
    database: str = ""
    """Which one, without any secret: `embedded, PostgreSQL 18` or `db.example:5432/app`."""
    loops: dict[str, float] = field(default_factory=dict)
    """Loop → seconds since it last came round."""
    notices: tuple[Notice, ...] = ()

    @property
    def ready(self) -> bool:
        """True when no notice is an error."""
        return not any(notice.level is Level.ERROR for notice in self.notices)
