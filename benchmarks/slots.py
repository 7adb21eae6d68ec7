"""Schedules that are all due at one instant: how soon each slot is committed and started, and how the loop fares."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from benchmarks.bench import Bench, Ground
from benchmarks.clock import SharedClock
from benchmarks.daemon import TABLES, Daemon, running_daemon
from benchmarks.drain import Measure
from benchmarks.figure import Broken, Numbers
from jobd.statements import statements

sql = statements("benchmarks", "slots")

LEAD = timedelta(seconds=2)
"""From the insert of the schedules to the instant at which they are due: the daemon is idle before it."""
LOOK_SECONDS = 0.05

WATCHED = (
    TABLES
    + """
[jobs.watch]
run = "benchmarks.jobs:watch"
timeout = "1h"
"""
)
IMPATIENT = 'grace = "100ms"'
"""The job that watches ends when it is told to, and not before."""


def slots(count: int) -> Measure:
    """`count` schedules, each fired for the first time by a daemon that has not seen it before."""

    async def measure(bench: Bench) -> Numbers:
        file = bench.place() / "clock"
        stalls = SharedClock.made(file, 1)
        ground = await bench.ground()
        async with running_daemon(bench, ground.url, WATCHED, daemon=IMPATIENT, clock=file) as daemon:
            due = await _scheduled(ground, count)
            await _watching(bench, ground, daemon)
            stalls.write(0, 0.0)
            await _all_ended(bench, ground, daemon, count)
            longest = stalls.read(0) * 1000
            row = await ground.observer.fetchrow(sql.times, due)
        return {
            "slots_per_second": count / row["committed_last"],
            "committed_p99_ms": row["committed_p99"] * 1000,
            "started_p99_ms": row["started_p99"] * 1000,
            "longest_stall_ms": longest,
        }

    return measure


async def _scheduled(ground: Ground, count: int) -> Any:
    """The instant at which all are due."""
    await ground.observer.execute(sql.watch)
    due = await ground.observer.fetchval(sql.add_schedules, count, LEAD + timedelta(seconds=count / 20_000))
    await ground.observer.execute("vacuum (analyze) jobd.schedules")
    await ground.settled()
    return due


async def _watching(bench: Bench, ground: Ground, daemon: Daemon) -> None:
    """Wait until the job that watches the loop runs."""
    async with asyncio.timeout(bench.sizes.limit_seconds):
        while not await ground.observer.fetchval(sql.watching):
            daemon.check()
            await asyncio.sleep(LOOK_SECONDS)


async def _all_ended(bench: Bench, ground: Ground, daemon: Daemon, count: int) -> None:
    try:
        async with asyncio.timeout(bench.sizes.limit_seconds):
            while (ended := await ground.succeeded()) < count:
                daemon.check()
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise Broken(f"{ended} of {count} slots had run after {bench.sizes.limit_seconds:g} s") from None
    if (again := await ground.observer.fetchval(sql.fired)) != count:
        raise Broken(f"{count} slots were due and {again} runs were made of them")
