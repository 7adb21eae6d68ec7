"""The floors: what plain asyncpg reaches on tables of jobd's shape, one connection, one statement after the other.

Nothing here is guarded, counted or limited, so no job queue can be expected to be faster while it uses one connection;
one that uses several at once may be.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

from benchmarks.bench import Bench, Clock
from benchmarks.figure import Broken, Numbers
from jobd.statements import statements

sql = statements("benchmarks", "floor")

BATCH = 500
BULK_BATCH = 2_000
SLOT = datetime(2026, 1, 1, tzinfo=UTC)


@asynccontextmanager
async def tables(bench: Bench) -> AsyncIterator[Any]:
    """A connection to a database with empty floor tables."""
    ground = await bench.kept("floor")
    connection = await asyncpg.connect(ground.url)
    try:
        await connection.execute(sql.tables)
        await connection.execute(sql.plans)
        await ground.settled()
        yield connection
    finally:
        await connection.close()


def arguments(count: int) -> list[str]:
    """What the runs carry, as JSON."""
    return [json.dumps({"user_id": number}) for number in range(count)]


async def add(connection: Any, args: list[str]) -> None:
    """Queue one run for each of `args`."""
    for first in range(0, len(args), BULK_BATCH):
        batch = args[first : first + BULK_BATCH]
        count = len(batch)
        await connection.execute(sql.add, ["noop"] * count, ["default"] * count, batch, ["benchmark"] * count)


async def bulk(bench: Bench) -> Numbers:
    """Bulk insert by unnest, 2,000 rows a statement."""
    args = arguments(bench.sizes.bulk)
    async with tables(bench) as connection:
        with Clock() as clock:
            await add(connection, args)
    return {"bulk_runs_per_second": len(args) / clock.seconds}


async def drain(bench: Bench) -> Numbers:
    """Claim 500, delete them and insert them into history in one statement, and again."""
    async with tables(bench) as connection:
        await add(connection, arguments(bench.sizes.drain))
        await connection.execute("checkpoint")
        done = 0
        with Clock() as clock:
            while rows := await connection.fetch(sql.claim, BATCH):
                await connection.execute(sql.finish, [row[0] for row in rows])
                done += len(rows)
        if done != bench.sizes.drain:
            raise Broken(f"the floor drained {done} of {bench.sizes.drain} runs")
    return {"drain_runs_per_second": done / clock.seconds}


async def commit(bench: Bench) -> Numbers:
    """One row, one commit, one caller."""
    args = arguments(bench.sizes.alone)
    async with tables(bench) as connection:
        with Clock() as clock:
            for text in args:
                await connection.execute(sql.add_one, text)
    return {"commits_per_second": len(args) / clock.seconds}


def slots(count: int) -> Callable[[Bench], Awaitable[Numbers]]:
    """Compare-and-swap of `count` cursors with the insert of their runs, 500 a statement."""

    async def measure(bench: Bench) -> Numbers:
        async with tables(bench) as connection:
            await connection.execute(sql.add_schedules, count, SLOT)
            await connection.execute("vacuum (analyze) floor.schedules")
            await connection.execute("checkpoint")
            names = sorted(f"slot-{number}" for number in range(1, count + 1))
            with Clock() as clock:
                for first in range(0, count, BATCH):
                    await connection.execute(sql.fire, names[first : first + BATCH], SLOT)
        return {f"slots_{count}_per_second": count / clock.seconds}

    return measure
