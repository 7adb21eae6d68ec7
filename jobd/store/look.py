"""The one look a second: what waits, what is due next, who is gone, what was asked."""

from __future__ import annotations

import json
from collections.abc import Sequence

from jobd.model.due import Due
from jobd.statements import statements
from jobd.store.database import Database

sql = statements("jobd.store.sql", "due")


class Look:
    """Reads what every loop of a node wants to know, in one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, node: int, queues: Sequence[str]) -> Due:
        row = await self._database.fetchrow(sql.due, node, queues)
        assert row is not None
        return Due(
            queued=tuple(row["queued"]),
            limited=tuple(row["limited"]),
            suspects=row["suspects"],
            blocked=row["blocked"],
            next_run=row["next_run"],
            next_slot=row["next_slot"],
            next_mail=row["next_mail"],
            expired=row["expired"],
            orphans=row["orphans"],
            cancels=row["cancels"],
            nodes=row["nodes"],
            paused=frozenset(row["paused"]),
            changed=row["changed"] or 0,
            weights=json.loads(row["weights"]),
            pauses_over=row["pauses_over"],
            desired=row["desired"] or "running",
            sending=row["sending"],
        )
