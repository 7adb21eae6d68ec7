"""What happened in the whole database since the last look."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jobd.statements import statements
from jobd.store.audit import sql as audit_sql
from jobd.store.database import Database
from jobd.store.reading import reading

sql = statements("jobd.store.sql", "events")

OVERLAP = timedelta(seconds=5)
"""A transaction that took so long to commit is still seen."""
OVERLAP_IDS = 2000
MOST = 2000
"""Of one kind, in one look."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where was looked."""

    at: datetime
    run: int
    audit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Rows as they are; those of the overlap come a second time."""

    mark: Mark
    added: list[Row] = field(default_factory=list)
    started: list[Row] = field(default_factory=list)
    ended: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    nodes: list[Row] = field(default_factory=list)

    @property
    def overflowed(self) -> bool:
        """More happened than one look takes: whoever follows should look for itself."""
        return max(len(self.added), len(self.started), len(self.ended)) >= MOST


class Events:
    """Reads what is new; changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self) -> Mark:
        """Where things stand now."""
        async with reading(self._database) as connection:
            row = await connection.fetchrow(sql.now)
            return Mark(row["now"], row["last_run"], await connection.fetchval(audit_sql.latest))

    async def since(self, mark: Mark, own: Collection[int]) -> News:
        """What happened since `mark`; endings on the nodes `own` are left to those nodes."""
        async with reading(self._database) as connection:
            now = await connection.fetchrow(sql.now)
            changes = await connection.fetch(audit_sql.since, mark.audit)
            added = await connection.fetch(sql.added, max(0, mark.run - OVERLAP_IDS), MOST)
            started = await connection.fetch(sql.started, mark.at - OVERLAP, MOST)
            ended = await connection.fetch(sql.ended, mark.at - OVERLAP, list(own), MOST)
            nodes = await connection.fetch(sql.nodes)
        audit = max((row["id"] for row in changes), default=mark.audit)
        return News(
            mark=Mark(now["now"], now["last_run"], audit),
            added=[dict(row) for row in added],
            started=[dict(row) for row in started],
            ended=[dict(row) for row in ended],
            changes=[
                {name: row[name] for name in ("id", "at", "actor", "action", "target", "reason")} for row in changes
            ],
            nodes=[dict(row) for row in nodes],
        )
