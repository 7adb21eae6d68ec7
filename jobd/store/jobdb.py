"""The application's database as jobs see it (`ctx.db`): the driver's own errors reach the job unchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from jobd.store.database import Database


class JobDatabase:
    """A pool of connections with `search_path` set to `[app] schema`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """One transaction on one connection; commits when the block ends, rolls back when it raises."""
        async with self._database.raw() as connection, connection.transaction():
            yield connection

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        async with self._database.raw() as connection:
            rows: list[Any] = await connection.fetch(query, *args)
            return rows

    async def fetchrow(self, query: str, *args: Any) -> Any | None:
        async with self._database.raw() as connection:
            return await connection.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        async with self._database.raw() as connection:
            return await connection.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        async with self._database.raw() as connection:
            status: str = await connection.execute(query, *args)
            return status

    async def executemany(self, query: str, args: Sequence[Sequence[Any]]) -> None:
        async with self._database.raw() as connection:
            await connection.executemany(query, args)
