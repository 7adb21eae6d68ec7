"""Two daemons on one database: what one leaves undone the other does, and nothing is done twice."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta

import pytest
from support.checking import check_overlaps, check_runs, check_slots
from support.daemons import processes
from support.waiting import until

SECOND = timedelta(seconds=1)
EVERY_SECOND = """
[jobs.tick]
run = "support.jobs:observed"
every = "1s"
queue = "default"
"""


async def executions(life, run: int) -> int:
    return len(await life.observed(run))


async def test_the_other_node_runs_a_killed_nodes_work_within_three_seconds(life, tmp_path):
    async with processes(tmp_path, life.url, 2) as (one, other):
        await asyncio.gather(one.start(), other.start())
        await until(lambda: both_watch(life), 5)
        run = await one.add("observed", seconds=1.0)
        await until(lambda: executions(life, run))
        (first,) = await life.observed(run)
        victim, survivor = (one, other) if first["pid"] == one.pid else (other, one)
        loop = asyncio.get_running_loop()
        before = loop.time()
        await victim.kill()
        await until(lambda: second_by(life, run, survivor.pid), 5)
        assert loop.time() - before < 3
        row = await until(lambda: life.ended(run))
        assert (row["state"], row["attempt"]) == ("succeeded", 2)
        assert "node died" in survivor.log() and "Traceback" not in survivor.log()
        await victim.start()
        assert await asyncio.gather(one.stop(), other.stop()) == [0, 0]


async def both_watch(life) -> bool:
    return (
        await life.db.fetchval(
            "select count(*) from pg_stat_activity where application_name = 'jobd watch' and state = 'active'"
            " and datname = current_database()"
        )
        == 2
    )


async def second_by(life, run: int, pid: int) -> bool:
    rows = await life.observed(run)
    return len(rows) == 2 and rows[1]["pid"] == pid


async def test_a_stolen_lease_is_noticed_by_its_owner_which_joins_anew(life, tmp_path):
    async with processes(tmp_path, life.url, lease="5s") as (daemon,):
        await daemon.start()
        run = await daemon.add("observed", seconds=3.0)
        await until(lambda: executions(life, run))
        first = (await daemon.ask("status"))["health"]["node"]
        await life.db.execute("update jobd.nodes set lost = true where id = $1", first)
        row = await until(lambda: life.ended(run), 15)
        assert (row["state"], row["attempt"]) == ("succeeded", 2) and row["node"] != first
        first_try, second_try = await life.observed(run)
        assert first_try["finished_at"] is None and second_try["finished_at"] is not None
        assert await daemon.stop() == 0


async def test_a_run_added_at_one_node_is_started_by_another_that_has_room(life, tmp_path):
    async with processes(tmp_path, life.url, 2) as (one, other):
        await asyncio.gather(one.start(), other.start())
        runs = [await one.add("observed", seconds=1.0) for _ in range(8)]  # twice the workers of one
        for run in runs:
            await until(lambda run=run: life.ended(run))
        pids = {(await life.observed(run))[0]["pid"] for run in runs}
        assert pids == {one.pid, other.pid}


async def storm(life, tmp_path, seconds: float, pause: float) -> None:
    """Two daemons for so long; each `pause` seconds one of them is killed and started again."""
    chance = random.Random(4)
    acknowledged: list[int] = []
    loop = asyncio.get_running_loop()
    async with processes(tmp_path, life.url, 2, EVERY_SECOND) as daemons:
        await asyncio.gather(*(one.start() for one in daemons))
        first = await life.db.fetchval("select min(next_slot) from jobd.schedules")
        ends = loop.time() + seconds
        storming = asyncio.create_task(killed(daemons, chance, pause, ends))
        while loop.time() < ends:
            for daemon in daemons:
                try:
                    acknowledged.append(await daemon.add("observed", seconds=chance.random() * 0.3))
                except (TimeoutError, OSError, KeyError, *client_errors()):
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.06)
        kills = await storming
        last: datetime = await life.db.fetchval("select date_trunc('second', now())")
        await until(lambda: drained(life, last, acknowledged), 60, "the end of all runs")
        assert kills >= seconds / pause / 2
        assert len(acknowledged) > seconds
        await check_runs(life.db, acknowledged)
        await check_overlaps(life.db)
        await check_slots(life.db, "tick", SECOND, first, last)
        assert all("Traceback" not in daemon.log() for daemon in daemons)


def client_errors() -> tuple[type[Exception], ...]:
    import aiohttp

    return (aiohttp.ClientError,)


async def killed(daemons, chance: random.Random, pause: float, ends: float) -> int:
    loop, kills = asyncio.get_running_loop(), 0
    while loop.time() < ends - pause:
        await asyncio.sleep(pause * chance.uniform(0.6, 1.2))
        victim = chance.choice(daemons)
        await victim.kill()
        await victim.start()
        kills += 1
    return kills


async def drained(life, last: datetime, runs: list[int]) -> bool:
    """Nothing that was added or due up to `last` is left."""
    return not await life.db.fetchval(
        "select exists (select from jobd.runs where slot <= $1 or id = any($2))"
        " or exists (select from jobd.schedules where next_slot <= $1)", last, runs,
    )  # fmt: skip


async def test_fifteen_seconds_of_kills_lose_nothing_and_do_nothing_twice(life, tmp_path):
    await storm(life, tmp_path, 15, 3)


@pytest.mark.soak
@pytest.mark.timeout(240)
async def test_a_minute_of_kills_loses_nothing_and_does_nothing_twice(life, tmp_path):
    await storm(life, tmp_path, 60, 3)
