"""What a node gives back, how its runs are ended from outside, and what it is told while Postgres is away."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from support import nodes
from support.jobs import ORDER
from support.nodes import attempts_of, live_row
from support.proxy import proxied
from support.rows import state
from support.waiting import until

from jobd import loading
from jobd.engine.context import Stop
from jobd.errors import StoreUnavailable
from jobd.model.run import NewRun
from jobd.model.settings import AppSettings, DatabaseSettings
from jobd.store.store import open_store

JOBS = """
[jobs.nothing]
run = "support.jobs:nothing"
[jobs.ordered]
run = "support.jobs:ordered"
[jobs.waits]
run = "support.jobs:waits"
[jobs.observed]
run = "support.jobs:observed"
[jobs.blocks]
run = "support.jobs:blocks"
"""
ONE = {"workers": 1}
SECOND = timedelta(seconds=1)


async def several(live, count: int, *, job: str = "ordered", **more) -> list[int]:
    """`count` runs in one statement, their mark being their number."""
    return await live.enqueuer.enqueue_many([NewRun(job=job, args={"mark": n}, **more) for n in range(count)])


async def blocked(live) -> int:
    """A run that keeps the only worker busy."""
    run = await live.add("waits")
    await live.until_running(run)
    return run


# Cancelling


async def test_a_queued_run_that_is_cancelled_never_starts(alive, store):
    async with alive(JOBS, **ONE) as live:
        gate = await blocked(live)
        run = await live.add("ordered", mark="never")
        await store.runs.request_cancel(run, "no more")
        live.node.workers.stop(gate, Stop.CANCEL)
        await live.until_ended(await live.add("ordered", mark="after"))
        assert ORDER == ["after"] and await state(store, run) == "cancelled"


async def test_a_running_run_that_somebody_else_cancels_ends_with_the_reason(alive, store):
    async with alive(JOBS) as live:
        run = await live.add("waits")
        await live.until_running(run)
        await store.runs.request_cancel(run, "no more")
        row = await live.until_ended(run, 3)
        assert (row["state"], row["reason"]) == ("cancelled", "no more")


async def test_a_run_is_cancelled_while_the_node_drains(alive, store):
    async with alive(JOBS, grace=10 * SECOND) as live:
        run = await live.add("waits")
        await live.until_running(run)
        leaving = asyncio.create_task(cancelled_when_draining(live, store, run))
    async with asyncio.timeout(1):
        await leaving
    row = await nodes.ended_row(store, run)
    assert (row["state"], row["reason"]) == ("cancelled", "while draining")


async def cancelled_when_draining(live, store, run: int) -> None:
    await until(lambda: live.node.heartbeat.state == "stopping")
    await store.runs.request_cancel(run, "while draining")


async def test_a_run_that_is_stopped_before_its_first_step_ends_and_frees_its_worker(alive, store):
    async with alive(JOBS, enabled=False) as live:
        run = await live.add("nothing")
        (claim,) = await store.runs.claim({"default": 1}, ["nothing"], live.node.id, starts=True)
        await store.runs.request_cancel(run, "at once")
        start(live, claim)
        assert live.node.workers.stop(run, Stop.CANCEL)
        row = await live.until_ended(run)
        assert (row["state"], row["reason"]) == ("cancelled", "at once")
        assert not live.node.workers.under_way


def start(live, claim) -> None:
    """Begin an attempt without giving it a chance to take its first step."""
    loaded = live.node.dispatcher._jobs[claim.job]
    charged = live.node.dispatcher.stride.started(claim.queue)
    live.node.workers.start(claim, loaded, asyncio.get_running_loop().time(), charged, True)


# Giving back


async def test_what_was_claimed_ahead_and_cannot_start_goes_back_after_a_second(alive, store):
    async with alive(JOBS, **ONE) as live:
        await several(live, 200, job="nothing")
        await until(lambda: live.node.recorder.backlog == 0 and not live.node.workers.under_way)
        gate = await live.add("waits")
        runs = await several(live, 50, job="nothing", priority=50)
        await until(lambda: gate in live.node.workers.under_way)
        claimed = "select count(*) from jobd.runs where id = any($1) and state = 'running'"
        await until(lambda: none(store, claimed, runs), 4)
        rows = await store.database.fetch("select retries_left, crashes, state from jobd.runs where id = any($1)", runs)
        assert {tuple(row) for row in rows} == {(0, 0, "queued")} and len(rows) == 50
        live.node.workers.stop(gate, Stop.CANCEL)
        await live.until_ended(runs[-1])


async def none(store, sql: str, runs: list[int]) -> bool:
    return await store.database.fetchval(sql, runs) == 0


async def test_a_stop_gives_back_what_has_not_started_and_waits_for_what_has(alive, store):
    async with alive(JOBS, **ONE) as live:
        first = await live.add("waits", seconds=0.5)
        await live.until_running(first)
        second = await live.add("nothing")
    assert (await state(store, first), await state(store, second)) == ("succeeded", "queued")
    assert (await live_row(store, second))["node"] is None


async def test_a_stop_beyond_the_grace_time_hands_back_without_spending_a_retry(alive, store):
    async with alive(JOBS, grace=0.2 * SECOND) as live:
        run = await live.add("waits")
        await live.until_running(run)
    row = await live_row(store, run)
    assert (row["state"], row["retries_left"], row["crashes"]) == ("queued", 0, 0)
    assert [a["outcome"] for a in await attempts_of(store, run)] == ["interrupted"]


async def test_a_claim_whose_answer_was_lost_is_given_back_and_run(migrated_url, store, tmp_path, monkeypatch):
    monkeypatch.setattr("jobd.engine.duties.CLAIM_SECONDS", 0.5)
    async with proxied(migrated_url) as wire:
        wire.lose_answer(b"Starts an attempt of up to counts[i] runs")
        settings = DatabaseSettings(url=wire.url)
        async with (
            open_store(wire.url, settings, AppSettings()) as far,
            nodes.alive(far, JOBS, directory=tmp_path / "state") as live,
        ):
            run = await live.add("nothing")
            async with asyncio.timeout(5):
                await wire.bitten.wait()
            row = await live.until_ended(run, 10)
            assert (row["state"], row["attempt"], row["crashes"]) == ("succeeded", 2, 0)


# Enqueueing


async def test_enqueues_that_come_together_go_in_few_statements(alive, store):
    async with alive(JOBS, enabled=False) as live:
        link = store.runs._adds
        async with link.use():  # nobody gets through meanwhile
            waiting = [asyncio.create_task(live.add("nothing")) for _ in range(500)]
            for _ in range(3):
                await asyncio.sleep(0)
        ids = await asyncio.gather(*waiting)
        assert len(set(ids)) == 500
        instants = await store.database.fetchval("select count(distinct created_at) from jobd.runs")
        assert instants <= 3


async def test_an_enqueue_during_an_outage_says_that_it_is_not_known(migrated_url, store, tmp_path):
    async with (
        proxied(migrated_url) as wire,
        open_store(wire.url, DatabaseSettings(url=wire.url), AppSettings()) as far,
        nodes.alive(far, JOBS, directory=tmp_path / "state", lease=10 * SECOND) as live,
    ):
        await live.until_ended(await live.add("nothing"))
        wire.cut()
        with pytest.raises(StoreUnavailable):
            await live.add("nothing")
        wire.mend()
        await until(lambda: added(live), 5)


async def added(live) -> bool:
    try:
        return bool(await live.until_ended(await live.add("nothing")))
    except StoreUnavailable:
        return False


# Disabled jobs


async def test_a_job_whose_table_is_missing_waits_for_it_and_then_runs(alive, store, monkeypatch):
    monkeypatch.setattr(loading, "RECHECK_SECONDS", 0.1)
    await store.database.execute("drop table if exists public.wanted")
    config = nodes.configured('[jobs.needs]\nrun = "support.jobs:nothing"\nrequires = ["wanted"]\nevery = "1h"\n')
    loads = loading.Loading(config, store)
    await loads.take_over()
    assert 'no table wanted in schema "public"' in str(loads.disabled_reason("needs"))
    assert "needs" not in loads.runnable()
    row = await store.database.fetchrow("select * from jobd.schedules where name = 'needs'")
    assert not row["enabled"] and "wanted" in row["disabled_reason"]
    rechecking = asyncio.create_task(loads.recheck())
    try:
        await store.database.execute("create table public.wanted (id int)")
        await until(lambda: "needs" in loads.runnable(), 5)
        assert await store.database.fetchval("select enabled from jobd.schedules where name = 'needs'")
    finally:
        rechecking.cancel()
        await store.database.execute("drop table if exists public.wanted")
