"""A job that writes in its run's own transaction, and can be stopped by a test between any two of its statements.

Each place has a number; whoever holds that advisory lock stops the job there (`Gate`).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from jobd import Context
from support.jobs import OBSERVER_VARIABLE
from support.waiting import until

ROWS = 4
BEFORE, AFTER_LAST_ROW, AT_COMMIT, AFTER = 0, ROWS, ROWS + 1, ROWS + 2
"""Places; those between are after so many rows."""
SPACE = 7111
"""First half of the advisory locks."""

EFFECTS = f"""
create table effects (run bigint, attempt integer, n integer);
create function at_commit() returns trigger language plpgsql as $$ begin
    perform pg_advisory_xact_lock_shared({SPACE}, {AT_COMMIT});
    return null;
end $$;
create constraint trigger at_commit after insert on effects deferrable initially deferred
    for each row when (new.n = {ROWS}) execute function at_commit();
"""
"""The trigger runs inside COMMIT: by then the job and jobd have said all that they had to say."""


async def steps(ctx: Context) -> str:
    """Writes its rows and ends in one transaction."""
    places = await asyncpg.connect(os.environ[OBSERVER_VARIABLE])
    try:
        await _pass(places, BEFORE)
        async with ctx.transaction() as tx:
            for number in range(1, ROWS + 1):
                await tx.execute("insert into effects values ($1, $2, $3)", ctx.run_id, ctx.attempt, number)
                await _pass(places, number)
            ctx.count(done=ROWS)
        await _pass(places, AFTER)
    finally:
        places.terminate()
    return "what a job returns after its transaction is not stored"


async def _pass(connection: Any, place: int) -> None:
    await connection.execute("select pg_advisory_lock_shared($1, $2)", SPACE, place)


class Gate:
    """One place that nobody passes for the length of a block."""

    def __init__(self, url: str, place: int) -> None:
        self._url, self._place = url, place
        self._connection: Any = None

    async def shut(self) -> None:
        self._connection = await asyncpg.connect(self._url)
        await self._connection.execute("select pg_advisory_lock($1, $2)", SPACE, self._place)

    async def reached(self, seconds: float = 15) -> int:
        """The backend that waits here."""
        return await until(self._waiting, seconds, f"the arrival at place {self._place}")

    async def _waiting(self) -> int | None:
        return await self._connection.fetchval(
            "select pid from pg_locks where locktype = 'advisory' and classid = $1 and objid = $2 and not granted"
            " and database = (select oid from pg_database where datname = current_database())",
            SPACE, self._place,
        )  # fmt: skip

    async def end_waiting(self, backend: int) -> None:
        """As when the server gives up on a client that has gone."""
        await self._connection.execute("select pg_terminate_backend($1, 5000)", backend)

    def open(self) -> None:
        if self._connection is not None:
            self._connection.terminate()


@asynccontextmanager
async def gate(url: str, place: int) -> AsyncIterator[Gate]:
    found = Gate(url, place)
    await found.shut()
    try:
        yield found
    finally:
        found.open()
