"""Pauses that end by themselves, at the time that they were given."""

from __future__ import annotations

from jobd.statements import statements
from jobd.store.database import Database
from jobd.store.schedules import read_spec

sql = statements("jobd.store.sql", "pauses")


class Pauses:
    """Safe on every node at once; asked when a look has found that one is over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def end(self) -> list[str]:
        """Resume queues and schedules whose pause has come to its end; their names."""
        queues = await self._database.fetch(sql.end_of_queues)
        async with self._database.transaction() as tx:
            schedules = await tx.fetch(sql.over)
            for row in schedules:
                try:
                    following = read_spec(row["name"], row["job"], row["spec"]).next_after(row["paused_until"])
                except ValueError:  # written by another version: the tick takes it out of service, with the reason
                    following = None
                await tx.execute(sql.end_of_schedule, row["name"], following)
        return [row["name"] for row in (*queues, *schedules)]
