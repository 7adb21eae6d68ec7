"""Limits by key, job and queue hold over two daemons at every instant, and nobody waits for ever behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.daemons import Process, processes
from support.spans import SPANS, ended_with, most_at_once
from support.waiting import until

JOBS = """
[queues.narrow]
global_max = 2
[jobs.one]
run = "support.spans:spanned"
concurrency = { key = "args.key", max = 1 }
[jobs.two]
run = "support.spans:spanned"
concurrency = { key = "args.key", max = 2 }
[jobs.three]
run = "support.spans:spanned"
global_max = 3
[jobs.both]
run = "support.spans:spanned"
concurrency = { key = "args.key", max = 1 }
global_max = 2
[jobs.squeezed]
run = "support.spans:spanned"
queue = "narrow"
[jobs.squeezed-too]
run = "support.spans:spanned"
queue = "narrow"
concurrency = { key = "args.key", max = 1 }
[jobs.free]
run = "support.spans:spanned"
"""


@asynccontextmanager
async def two_daemons(life, directory: Path) -> AsyncIterator[list[Process]]:
    """Both have joined; on leaving both are told to stop, and have had nothing to complain about."""
    await life.db.execute(SPANS)
    async with processes(directory, life.url, 2, JOBS, lease="5s") as daemons:
        await asyncio.gather(*(one.start() for one in daemons))
        yield daemons
        assert await asyncio.gather(*(one.stop() for one in daemons)) == [0, 0]
        assert all("Traceback" not in one.log() for one in daemons)


async def add(life, job: str, count: int, *, keys: int = 1, seconds: float = 0.02) -> list[int]:
    """So many runs in one transaction, their keys taking turns."""
    rows = await life.db.fetch(
        "select jobd.enqueue($1, jsonb_build_object('key', 'k' || n % $3::int, 'seconds', $4::float8)) as id"
        " from generate_series(0, $2::int - 1) n", job, count, keys, seconds,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def all_ended(life, runs: list[int], seconds: float = 40) -> None:
    """Each has ended well and once."""
    await until(lambda: none_live(life, runs), seconds, "the end of all runs")
    rows = await life.db.fetch("select id, state from jobd.history where id = any($1)", runs)
    assert sorted(row["id"] for row in rows) == sorted(runs)
    assert {row["state"] for row in rows} == {"succeeded"}


async def none_live(life, runs: list[int]) -> bool:
    return await life.db.fetchval("select count(*) = 0 from jobd.runs where id = any($1)", runs)


async def pids(life, *jobs: str) -> int:
    return await life.db.fetchval("select count(distinct pid) from spans where job = any($1)", list(jobs))


async def started(life, job: str, count: int = 1) -> bool:
    return await life.db.fetchval("select count(*) >= $2 from spans where job = $1", job, count)


def keyed(job: str, keys: int) -> list[str]:
    return [f"{job}:k{number}" for number in range(keys)]


@pytest.mark.parametrize(("job", "most"), [("one", 1), ("two", 2)])
async def test_one_hot_key_is_never_run_more_often_than_its_limit_and_always_as_often(life, tmp_path, job, most):
    async with two_daemons(life, tmp_path):
        await all_ended(life, await add(life, job, 60))
        assert await most_at_once(life.db, "key", f"{job}:k0") == most


@pytest.mark.parametrize(("job", "most"), [("one", 1), ("two", 2)])
async def test_many_keys_each_keep_their_limit_and_none_starves_behind_a_hot_one(life, tmp_path, job, most):
    async with two_daemons(life, tmp_path):
        hot = await add(life, job, 200, seconds=0.03)  # all of k0, and older than everything else
        others = await add(life, job, 120, keys=40)
        await all_ended(life, hot + others)
        assert await most_at_once(life.db, "key", *keyed(job, 40)) == most
        assert await pids(life, job) == 2
        still_to_come = await life.db.fetchval(
            "select count(*) from spans where key = 'k0' and started_at >"
            " (select max(started_at) from spans where key <> 'k0')"
        )
        assert still_to_come > 0, "the other keys waited for the whole of the hot one"


async def test_a_job_is_never_run_more_often_than_its_global_max_over_both(life, tmp_path):
    async with two_daemons(life, tmp_path):
        runs = await add(life, "three", 90) + await add(life, "both", 60, keys=6)
        await all_ended(life, runs)
        assert await most_at_once(life.db, "job", "three") == 3
        assert await most_at_once(life.db, "job", "both") == 2
        assert await most_at_once(life.db, "key", *keyed("both", 6)) == 1


async def test_a_queue_is_never_run_wider_than_its_global_max_over_both(life, tmp_path):
    async with two_daemons(life, tmp_path):
        runs = await add(life, "squeezed", 60) + await add(life, "squeezed-too", 40, keys=4)
        await all_ended(life, runs)
        assert await most_at_once(life.db, "queue", "narrow") == 2
        assert await most_at_once(life.db, "key", *keyed("squeezed-too", 4)) == 1


async def test_limited_and_unlimited_runs_of_one_queue_both_make_progress(life, tmp_path):
    async with two_daemons(life, tmp_path):
        limited = await add(life, "one", 60, seconds=0.05)
        free = await add(life, "free", 400)
        await all_ended(life, limited + free)
        assert await most_at_once(life.db, "key", "one:k0") == 1
        first = await life.db.fetchval("select min(finished_at) from spans where job = 'free'")
        middle = await life.db.fetchval(
            "select percentile_disc(0.5) within group (order by finished_at) from spans where job = 'one'"
        )
        assert first < middle, "those without a limit waited for those with one"
        begun = await life.db.fetchval("select min(started_at) from spans where job = 'one'")
        last = await life.db.fetchval("select max(finished_at) from spans where job = 'free'")
        assert begun < last, "those with a limit waited for those without one"


async def test_keys_that_a_killed_node_held_go_to_the_other_which_respects_them_also_for_suspects(life, tmp_path):
    async with two_daemons(life, tmp_path) as daemons:
        held = await add(life, "one", 6, keys=6, seconds=1.0)  # six keys on both nodes, and more behind them
        await until(lambda: started(life, "one", 6), 15, "the start of all")
        behind = await add(life, "one", 60, keys=12)
        narrow = await add(life, "squeezed-too", 12, keys=3, seconds=0.1)
        victim, other = daemons
        had = await life.db.fetch("select run from spans where pid = $1 and finished_at is null", victim.pid)
        await victim.kill()
        killed_at = await life.db.fetchval("select clock_timestamp()")
        assert had, "the victim held nothing"
        await all_ended(life, held + behind + narrow)
        again = await life.db.fetch("select distinct run from spans where attempt = 2 and pid = $1", other.pid)
        assert {row["run"] for row in had} <= {row["run"] for row in again}
        await ended_with(life.db, victim.pid, killed_at)
        assert await most_at_once(life.db, "key", *keyed("one", 12), *keyed("squeezed-too", 3)) == 1
        assert await most_at_once(life.db, "queue", "narrow") == 2
        await victim.start()


@pytest.mark.parametrize(("job", "most"), [("one", 1), ("squeezed", 2)], ids=["key", "queue"])
async def test_suspects_wait_for_the_limits_that_others_fill(life, tmp_path, job, most):
    """Runs under which a node has died are started by a path of their own; it has to ask for the same limits."""
    async with two_daemons(life, tmp_path):
        gates = await add(life, job, most, seconds=1.0)
        await until(lambda: started(life, job, most), 15)
        suspects = await add(life, job, 3)
        await suspected(life, suspects)
        await all_ended(life, gates + suspects)
        rows = await life.db.fetch("select crashes from jobd.history where id = any($1)", suspects)
        assert {row["crashes"] for row in rows} == {1}
        what, name = ("key", "one:k0") if job == "one" else ("queue", "narrow")
        assert await most_at_once(life.db, what, name) == most


async def suspected(life, runs: list[int]) -> Any:
    return await life.db.execute("update jobd.runs set crashes = 1 where id = any($1) and state = 'queued'", runs)
