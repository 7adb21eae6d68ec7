"""A database in which real daemons live, seen from outside."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import asyncpg

OBSERVED = """
create table observed (
    run bigint, attempt integer, job text, slot timestamptz, pid integer,
    started_at timestamptz default clock_timestamp(), finished_at timestamptz, primary key (run, attempt)
)
"""


@dataclass
class Life:
    """A database under test, seen from outside."""

    url: str
    db: Any

    async def state(self, run: int) -> str | None:
        return await self.db.fetchval(
            "select state from jobd.runs where id = $1 union all select state from jobd.history where id = $1", run
        )

    async def ended(self, run: int) -> Any:
        return await self.db.fetchrow("select * from jobd.history where id = $1", run)

    async def observed(self, run: int) -> list[Any]:
        return await self.db.fetch("select * from observed where run = $1 order by attempt", run)


AWAY = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)


class Reconnecting:
    """A connection that is made anew when the server was away; one statement at a time."""

    def __init__(self, url: str) -> None:
        self._url, self._connection, self._turn = url, None, asyncio.Lock()

    async def _do(self, how: str, *args: Any) -> Any:
        async with self._turn, asyncio.timeout(30):
            while True:
                try:
                    if self._connection is None or self._connection.is_closed():
                        self._connection = await asyncpg.connect(self._url)
                    return await getattr(self._connection, how)(*args)
                except AWAY:
                    await asyncio.sleep(0.05)

    async def fetch(self, *args: Any) -> Any:
        return await self._do("fetch", *args)

    async def fetchrow(self, *args: Any) -> Any:
        return await self._do("fetchrow", *args)

    async def fetchval(self, *args: Any) -> Any:
        return await self._do("fetchval", *args)

    async def execute(self, *args: Any) -> Any:
        return await self._do("execute", *args)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
