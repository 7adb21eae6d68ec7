"""Drains: runs that wait when the clock starts, until the ending of the last one is committed.

The daemons are up and idle. The runs are added in one transaction with a notification, and its commit starts the clock,
so that neither the start of a process nor the insert is measured. Every run goes the production path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from benchmarks.bench import Bench, Clock, Ground, Prepare, sql
from benchmarks.daemon import TABLES, Daemon, running_daemons
from benchmarks.figure import Broken, Numbers

LOOK_SECONDS = 0.01
OUR_STATEMENTS = 1
"""The COMMIT that starts the clock."""
EVERYBODY = 1_000_000_000
"""So many user ids that no two runs share one."""

Measure = Callable[[Bench], Awaitable[Numbers]]


def drain(
    *,
    daemons: int = 1,
    tables: str = TABLES,
    job: str = "noop",
    queues: Sequence[str | None] = (None,),
    users: int = EVERYBODY,
    share: float = 1.0,
    kept: tuple[str, Prepare] | None = None,
) -> Measure:
    """A drain of `share` of the usual number of runs, dealt out to `queues` (None: the job's own)."""

    async def measure(bench: Bench) -> Numbers:
        count = int(bench.sizes.drain * share) // len(queues)
        each = dict.fromkeys(queues, count)
        ground = await bench.kept(*kept) if kept is not None else await bench.ground()
        return await _drained(bench, ground, daemons, tables, job, each, users)

    return measure


async def _drained(
    bench: Bench, ground: Ground, daemons: int, tables: str, job: str, each: Mapping[str | None, int], users: int
) -> Numbers:
    async with running_daemons(bench, ground.url, tables, daemons) as group:

        async def add(connection: Any) -> None:
            for queue, count in each.items():
                await connection.execute(sql.add_runs, job, queue, count, users)
            await connection.execute(sql.notify, [queue or "default" for queue in each])

        return await timed(bench, ground, group, sum(each.values()), add)


async def timed(
    bench: Bench, ground: Ground, daemons: Sequence[Daemon], count: int, add: Callable[[Any], Awaitable[None]]
) -> Numbers:
    """How the daemons drain the `count` runs that `add` puts into its transaction.

    Raises:
        Broken: a daemon ended, it takes too long, or not every run was recorded as succeeded, once.
    """
    succeeded = await ground.succeeded()
    transaction = ground.observer.transaction()
    await transaction.start()
    await add(ground.observer)
    await ground.settled()
    sent, cpu = await ground.statements(), sum(daemon.cpu_seconds for daemon in daemons)
    with Clock() as clock:
        await transaction.commit()
        await _drained_to_the_last(bench, ground, daemons)
    sent = await ground.statements() - sent - OUR_STATEMENTS
    cpu = sum(daemon.cpu_seconds for daemon in daemons) - cpu
    if (found := await ground.succeeded() - succeeded) != count:
        raise Broken(f"{count} runs were added and {found} counted as succeeded")
    return {
        "runs_per_second": count / clock.seconds,
        "cpu_us_per_run": cpu / count * 1e6,
        "statements_per_1000": sent / count * 1000,
    }


async def _drained_to_the_last(bench: Bench, ground: Ground, daemons: Sequence[Daemon]) -> None:
    try:
        async with asyncio.timeout(bench.sizes.limit_seconds):
            while await ground.observer.fetchval(sql.newest) is not None:
                for daemon in daemons:
                    daemon.check()
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        states = await ground.observer.fetch("select state, blocked, count(*) from jobd.runs group by 1, 2")
        left = ", ".join(f"{row['count']} {'blocked' if row['blocked'] else row['state']}" for row in states)
        raise Broken(f"after {bench.sizes.limit_seconds:g} s there were still runs: {left}") from None


def history(count: int) -> tuple[str, Prepare]:
    """A database with `count` ended runs in history, kept from round to round."""

    async def prepare(connection: Any) -> None:
        await connection.execute(sql.add_history, count)
        await connection.execute("vacuum (analyze) jobd.history")

    return f"history {count}", prepare


WEIGHTED = (
    TABLES
    + """
[queues]
critical = { weight = 8 }
normal = { weight = 4 }
default = { weight = 2 }
low = { weight = 1 }
"""
)
KEYED = TABLES + 'concurrency = { key = "args.user_id", max = 1 }\n'
FAILING = """
[jobs.one-in-ten-fails]
run = "benchmarks.jobs:one_in_ten_fails"
retries = 3
retry_delay = 0
"""
