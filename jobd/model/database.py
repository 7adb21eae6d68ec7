"""The database as people see it: how large, how old, how near its limits, and who holds it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """One of jobd's tables, its partitions together. Row counts are Postgres' estimates."""

    name: str
    bytes: int
    """With indexes and what is stored out of line."""
    live_rows: int
    dead_rows: int
    """Updated or deleted, and not vacuumed yet."""
    vacuumed_at: datetime | None = None
    """The latest vacuum, by itself or by hand; absent when none is known."""
    partitions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotReport:
    """The session whose snapshot is the oldest: nothing that was deleted since can be vacuumed away.

    What jobd's role may not see of another's session is absent.
    """

    pid: int
    seconds: float | None
    """Since its transaction began."""
    transactions: int | None
    """How many transactions have begun since."""
    user: str | None
    application: str | None
    state: str | None
    client: str | None
    """Its address; absent on a Unix socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseReport:
    """The database that the daemon works on."""

    name: str
    version: str
    bytes: int
    tables: tuple[TableReport, ...]
    """The largest first."""
    oldest_snapshot: SnapshotReport | None
    """Absent when no session holds one."""
    connections: int
    max_connections: int
    notify_usage: float
    """Share of the notification queue that is full; NOTIFY fails at 1."""
    transaction_age: int
    """Transactions since the database's oldest unfrozen one; Postgres stops near 2,100,000,000."""
    pooler: bool | None
    """A pooler stands between, by which notifications do not arrive; None where nothing is listened for."""
