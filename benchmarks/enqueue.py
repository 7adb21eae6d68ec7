"""Enqueues from Python and SQL, each awaited until its commit; nobody works on the runs meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from benchmarks.bench import Bench, Clock, Ground
from benchmarks.drain import Measure
from benchmarks.enqueuing import enqueuing
from benchmarks.figure import Broken, Numbers, Sizes, Skipped
from jobd.engine.enqueue import Enqueuer
from jobd.model.run import NewRun
from jobd.statements import statements
from jobd.store.listen import QUEUE

sql = statements("benchmarks", "enqueue")

Enqueue = Callable[[int], Awaitable[Any]]
"""Adds the run of that number; returns when it is committed."""


def new_run(number: int) -> NewRun:
    return NewRun(job="noop", args={"user_id": number}, source="benchmark")


def count_for(sizes: Sizes, callers: int) -> int:
    """How many runs so many callers add, all together."""
    return sizes.alone if callers == 1 else sizes.together


async def by_callers(callers: int, count: int, enqueue: Callable[[int], Enqueue]) -> None:
    """`count` enqueues by so many callers at once; `enqueue(caller)` is what that caller calls."""

    async def one(caller: int) -> None:
        add = enqueue(caller)
        for number in range(caller, count, callers):
            await add(number)

    async with asyncio.TaskGroup() as group:
        for caller in range(callers):
            group.create_task(one(caller))


@asynccontextmanager
async def _prepared(bench: Bench) -> AsyncIterator[tuple[Ground, Enqueuer]]:
    """A database with somebody who listens, as a daemon would, and one who enqueues."""
    ground = await bench.ground()
    async with enqueuing(ground.url, bench.place(), alone=True) as enqueuer:
        await ground.observer.add_listener(QUEUE, _heard)
        for number in range(20):
            await enqueuer.enqueue(new_run(number))
        await ground.observer.execute(sql.forget)
        await ground.settled()
        yield ground, enqueuer
        await ground.observer.remove_listener(QUEUE, _heard)


def _heard(*_: Any) -> None:
    """What a daemon does with it is measured elsewhere."""


async def _rate(ground: Ground, clock: Clock, count: int) -> Numbers:
    if (found := await ground.observer.fetchval(sql.count)) != count:
        raise Broken(f"{count} runs were enqueued and {found} are there")
    return {"runs_per_second": count / clock.seconds}


def in_process(callers: int) -> Measure:
    """Through the Enqueuer, as the daemon's own parts do."""

    async def measure(bench: Bench) -> Numbers:
        count = count_for(bench.sizes, callers)
        async with _prepared(bench) as (ground, enqueuer):
            with Clock() as clock:
                await by_callers(callers, count, lambda _: lambda number: enqueuer.enqueue(new_run(number)))
            return await _rate(ground, clock, count)

    return measure


async def many(bench: Bench) -> Numbers:
    """All at once with `enqueue_many`."""
    new = [new_run(number) for number in range(bench.sizes.bulk)]
    async with _prepared(bench) as (ground, enqueuer):
        with Clock() as clock:
            await enqueuer.enqueue_many(new)
        return await _rate(ground, clock, len(new))


def by_sql(callers: int) -> Measure:
    """`select jobd.enqueue(…)`, each caller on a connection of its own."""

    async def measure(bench: Bench) -> Numbers:
        count = count_for(bench.sizes, callers)
        if not await (await bench.ground()).observer.fetchval(sql.has_function):
            raise Skipped("this jobd has no SQL function jobd.enqueue")
        async with _prepared(bench) as (ground, _):
            connections = [await asyncpg.connect(ground.url) for _ in range(callers)]
            try:
                with Clock() as clock:
                    await by_callers(callers, count, lambda caller: _through(connections[caller]))
            finally:
                for connection in connections:
                    await connection.close()
            return await _rate(ground, clock, count)

    return measure


def _through(connection: Any) -> Enqueue:
    return lambda number: connection.fetchval(sql.enqueue, "noop", f'{{"user_id": {number}}}')
