"""Pick-up latency: from before the enqueue to the job's first line, one run each 20 ms into an idle daemon."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import asyncpg

from benchmarks.bench import Bench
from benchmarks.clock import SharedClock
from benchmarks.daemon import running_daemon
from benchmarks.drain import Measure
from benchmarks.enqueuing import enqueuing
from benchmarks.figure import Broken, Numbers, in_milliseconds
from benchmarks.floors import sql as floor_sql
from benchmarks.floors import tables
from jobd.model.run import NewRun

EVERY_SECONDS = 0.02
WARM = 10
LAST_SECONDS = 10.0
LOOK_SECONDS = 0.01

TABLES = """
[jobs.stamp]
run = "benchmarks.jobs:stamp"
"""
POLLING = "notify = false"


def pickup(database: str = "") -> Measure:
    """Another process enqueues, so that the daemon has to hear of it; `database` are lines of its [database]."""

    async def measure(bench: Bench) -> Numbers:
        count = bench.sizes.pickups + WARM
        file = bench.place() / "clock"
        clock = SharedClock.made(file, count)
        ground = await bench.ground()
        async with (
            running_daemon(bench, ground.url, TABLES, database=database, clock=file),
            enqueuing(ground.url, bench.place(), TABLES, alone=False) as enqueuer,
        ):
            asked, committed = [], []
            for place in range(count):
                asked.append(time.monotonic())
                await enqueuer.enqueue(NewRun(job="stamp", args={"place": place}, source="benchmark"))
                committed.append(time.monotonic())
                await asyncio.sleep(max(0.0, asked[-1] + EVERY_SECONDS - time.monotonic()))
            started = await _all_started(clock, count)
        numbers = in_milliseconds(_lengths(asked, started))
        return numbers | {"committed_p50_ms": in_milliseconds(_lengths(asked, committed))["p50_ms"]}

    return measure


def _lengths(first: list[float], last: list[float]) -> list[float]:
    return [after - before for before, after in zip(first, last, strict=True)][WARM:]


async def _all_started(clock: SharedClock, count: int) -> list[float]:
    before = time.monotonic() + LAST_SECONDS
    while not all(started := [clock.read(place) for place in range(count)]):
        if time.monotonic() > before:
            raise Broken(f"{started.count(0.0)} of {count} runs did not start within {LAST_SECONDS:g} s")
        await asyncio.sleep(LOOK_SECONDS)
    return started


async def floor(bench: Bench) -> Numbers:
    """Insert, NOTIFY after its commit, claim of one: three plain connections in one process."""
    async with tables(bench) as writer:
        name = await writer.fetchval("select current_database()")
        listener, claimer = [await asyncpg.connect(bench.server, database=name) for _ in range(2)]
        try:
            await claimer.execute(floor_sql.plans)
            return await _raw(bench, writer, listener, claimer)
        finally:
            for connection in (listener, claimer):
                await connection.close()


async def _raw(bench: Bench, writer: Any, listener: Any, claimer: Any) -> Numbers:
    heard, took = asyncio.Event(), []
    await listener.add_listener("floor", lambda *_: heard.set())
    for number in range(bench.sizes.pickups + WARM):
        began = time.monotonic()
        await writer.execute(floor_sql.add_one, f'{{"place": {number}}}')
        await writer.execute(floor_sql.notify)
        await heard.wait()
        heard.clear()
        rows = await claimer.fetch(floor_sql.claim, 1)
        took.append(time.monotonic() - began)
        await claimer.execute(floor_sql.finish, [row[0] for row in rows])
        await asyncio.sleep(max(0.0, began + EVERY_SECONDS - time.monotonic()))
    return {f"pickup_{name}": value for name, value in in_milliseconds(took[WARM:]).items()}
