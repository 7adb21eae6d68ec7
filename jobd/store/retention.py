"""What is old goes: whole partitions where all of it is, batches where only some states are."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from jobd.model.run import FINAL
from jobd.model.settings import KeepSettings
from jobd.statements import statements
from jobd.store.database import Database

sql = statements("jobd.store.sql", "retention")

DAYS_AHEAD = 14
BATCH = 1000
STATS_KEPT = timedelta(days=400)


class Retention:
    """Keeps the tables at the size that `[keep]` asks for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make_partitions(self) -> bool:
        """Make the partitions of the next fortnight; False when a lock was in the way, to be tried again."""
        return await self._partitions(sql.make_partitions, DAYS_AHEAD)

    async def drop_partitions(self, keep: KeepSettings) -> bool:
        """Drop partitions in which everything is older than the longest age; False when a lock was in the way."""
        longest = max(keep.succeeded, keep.failed, keep.cancelled, keep.skipped)
        return await self._partitions(sql.drop_partitions, longest)

    async def _partitions(self, statement: str, argument: object) -> bool:
        async with self._database.connection() as connection:
            try:
                await connection.execute(statement, argument)
            except (asyncpg.LockNotAvailableError, asyncpg.DuplicateTableError, asyncpg.UniqueViolationError):
                return False  # somebody reads, or another node makes the same one: try again later
            except asyncpg.DeadlockDetectedError:
                return False
        return True

    async def delete_ended(self, keep: KeepSettings) -> int:
        """Delete one batch of ended runs for each state that is past its age; how many."""
        deleted = 0
        for state in FINAL:
            age = getattr(keep, state)
            deleted += _count(await self._database.execute(sql.delete_ended, state.value, age, BATCH))
        return deleted

    async def delete_keys(self) -> int:
        """Delete one batch of expired idempotency keys; how many."""
        return _count(await self._database.execute(sql.delete_keys, BATCH))

    async def delete_audit(self, keep: KeepSettings) -> int:
        """Delete one batch of lines of the journal that are past their age; how many."""
        return _count(await self._database.execute(sql.delete_audit, keep.audit, BATCH))

    async def delete_bulks(self, keep: KeepSettings) -> int:
        """Delete one batch of bulks that ended longer ago than their age; how many."""
        return _count(await self._database.execute(sql.delete_bulks, keep.bulk, BATCH))

    async def delete_stats(self) -> None:
        await self._database.execute(sql.delete_stats, STATS_KEPT)


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
