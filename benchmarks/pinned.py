"""Claims while somebody's old snapshot keeps dead rows from being forgotten: a long report, a forgotten transaction."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack

import asyncpg

from benchmarks.bench import Bench, Ground, sql
from benchmarks.drain import EVERYBODY
from benchmarks.enqueuing import enqueuing
from benchmarks.figure import Broken, Numbers, quantile
from jobd.model.run import Ending, Outcome
from jobd.statements import statements
from jobd.store import endings as store
from jobd.store.database import open_database
from jobd.store.runs import Runs

own = statements("benchmarks", "pinned")

BATCH = 500


async def claims(bench: Bench) -> Numbers:
    """jobd's own claims and endings, batch after batch: once freely, once behind a held snapshot."""
    free = await _claims(bench, held=False)
    pinned = await _claims(bench, held=True)
    return {
        "claim_p99_ms": quantile(pinned, 0.99) * 1000,
        "claim_p50_ms": quantile(pinned, 0.5) * 1000,
        "claim_p99_ms_free": quantile(free, 0.99) * 1000,
        "claim_p50_ms_free": quantile(free, 0.5) * 1000,
    }


async def _claims(bench: Bench, *, held: bool) -> list[float]:
    ground = await bench.ground()
    async with AsyncExitStack() as stack:
        async with enqueuing(ground.url, bench.place(), alone=True):
            await ground.observer.execute(sql.add_runs, "noop", None, bench.sizes.pinned, EVERYBODY)
        await ground.settled()
        if held:
            reader = await asyncpg.connect(ground.url)
            stack.push_async_callback(reader.close)
            await stack.enter_async_context(reader.transaction(isolation="repeatable_read", readonly=True))
            await reader.fetchval(sql.newest)
        return await _drained(bench, ground)


async def _drained(bench: Bench, ground: Ground) -> list[float]:
    """Seconds of each claim, until there is nothing left."""
    node = await ground.observer.fetchval(own.join)
    took: list[float] = []
    done = 0
    async with open_database(ground.url, connections=1) as database:
        runs = Runs(database)
        link = runs.endings()
        try:
            while done < bench.sizes.pinned:
                began = time.perf_counter()
                claimed = await runs.claim({"default": BATCH}, ["noop"], node, starts=True)
                took.append(time.perf_counter() - began)
                if not claimed:
                    raise Broken(f"a claim found nothing after {done} of {bench.sizes.pinned} runs")
                now = time.monotonic()
                ended = [Ending(run, node, Outcome.SUCCEEDED, now, 0.0, run.waited) for run in claimed]
                async with link.use() as connection:
                    refused = await store.finish(connection, node, ended, store.tally(ended), now)
                if refused is not None:
                    raise Broken(f"only {len(refused)} of {len(ended)} endings were accepted")
                done += len(claimed)
        finally:
            await link.close()
            await runs.close()
    return took
