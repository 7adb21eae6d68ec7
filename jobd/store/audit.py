"""The journal: who changed what. Lines are only ever added, and one is marked when it was undone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jobd.errors import NotFound
from jobd.model.change import Action, Actor, AuditEntry, AuditPage, Line
from jobd.statements import statements
from jobd.store.database import Database
from jobd.store.reading import reading
from jobd.store.run_rows import LARGEST_ID
from jobd.store.run_search import like

sql = statements("jobd.store.sql", "audit")

Facts = Mapping[str, Any]


async def note(
    tx: Any,
    who: Actor,
    action: Action,
    target: object,
    *,
    reason: str | None = None,
    before: Facts | None = None,
    after: Facts | None = None,
    undoes: int | None = None,
) -> AuditEntry:
    """Write one line inside the transaction of the change itself: neither is there without the other."""
    row = await tx.fetchrow(
        sql.add, who.name, who.uid, who.pid, who.token, action.value, str(target), reason,
        None if before is None else json.dumps(before), None if after is None else json.dumps(after), undoes,
    )  # fmt: skip
    return AuditEntry(
        id=row["id"], at=row["at"], actor=who.name, uid=who.uid, pid=who.pid, token=who.token, action=action.value,
        target=str(target), reason=reason, before=before, after=after, undoes=undoes, undone_by=None,
    )  # fmt: skip


async def write(tx: Any, line: Line) -> None:
    """Write this line inside the transaction of what it tells of."""
    await note(tx, line.who, line.action, line.target, reason=line.reason, before=line.before, after=line.after)


async def locked(tx: Any, entry_id: int) -> AuditEntry:
    """One line, which nobody else can mark as undone meanwhile.

    Raises:
        NotFound: no such line.
    """
    row = await tx.fetchrow(sql.one, entry_id) if 0 < entry_id <= LARGEST_ID else None
    if row is None:
        raise NotFound(f"there is no entry {entry_id} in the journal")
    return read_entry(row)


def read_entry(row: Any) -> AuditEntry:
    """The line of a row."""
    facts = dict(row)
    for name in ("before", "after"):
        facts[name] = None if facts[name] is None else json.loads(facts[name])
    return AuditEntry(**facts)


class Audit:
    """Reads the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        *,
        target: str | None = None,
        action: str | None = None,
        actor: str | None = None,
        before: int = LARGEST_ID,
        limit: int = 50,
    ) -> AuditPage:
        """At most `limit` lines, newest first, older than the one of id `before`; `action` and `actor` may hold `*`."""
        patterns = [None if text is None else like(text) for text in (action, actor)]
        async with reading(self._database) as connection:
            rows = await connection.fetch(sql.page, before, target, *patterns, limit + 1)
        entries = tuple(read_entry(row) for row in rows[:limit])
        return AuditPage(entries=entries, next=str(entries[-1].id) if len(rows) > limit else None)

    async def since(self, entry_id: int) -> list[AuditEntry]:
        """Lines that came after this one, oldest first."""
        async with reading(self._database) as connection:
            return [read_entry(row) for row in await connection.fetch(sql.since, entry_id)]

    async def latest(self) -> int:
        """The id of the last line; 0 before the first."""
        async with reading(self._database) as connection:
            latest: int = await connection.fetchval(sql.latest)
            return latest
