"""What a daemon costs that has nothing to do, and what it keeps of what it has done."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks.bench import Bench, Clock, sql
from benchmarks.daemon import running_daemon
from benchmarks.drain import EVERYBODY, timed
from benchmarks.figure import Numbers

SETTLED_SECONDS = 1.0
FEW, MANY, STEP = 10_000, 1_000_000, 100_000


async def idle(bench: Bench) -> Numbers:
    """Statements, CPU and memory of one daemon with all duties on and no runs."""
    ground = await bench.ground()
    async with running_daemon(bench, ground.url) as daemon:
        await asyncio.sleep(SETTLED_SECONDS)  # what each duty does first is no idleness
        sent, cpu = await ground.statements(), daemon.cpu_seconds
        with Clock() as clock:
            await asyncio.sleep(bench.sizes.idle_seconds)
        sent, cpu = await ground.statements() - sent, daemon.cpu_seconds - cpu
        return {
            "statements_per_second": sent / clock.seconds,
            "cpu_percent": cpu / clock.seconds * 100,
            "rss_mb": daemon.rss_mb,
        }


async def memory(bench: Bench) -> Numbers:
    """Memory of one daemon after 10,000 runs and after 1,000,000."""
    ground = await bench.ground()
    async with running_daemon(bench, ground.url) as daemon:

        async def drained(count: int) -> float:
            async def add(connection: Any) -> None:
                await connection.execute(sql.add_runs, "noop", None, count, EVERYBODY)
                await connection.execute(sql.notify, ["default"])

            await timed(bench, ground, [daemon], count, add)
            return daemon.rss_mb

        few = await drained(FEW)
        many = few
        for _ in range((MANY - FEW) // STEP):
            many = await drained(STEP)
        return {"grown_mb": many - few, "rss_mb_after_10000": few, "rss_mb_after_1000000": many}
