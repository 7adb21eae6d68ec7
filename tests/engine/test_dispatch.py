"""What a node runs next: by priority, by time, within its workers; suspects one at a time."""

from __future__ import annotations

from datetime import timedelta

from support.jobs import ORDER
from support.rows import node as other_node
from support.rows import state
from support.waiting import until
from test_node import JOBS, ONE, SECOND, blocked, several

from jobd.engine.context import Stop
from jobd.model.run import NewRun


async def test_equal_runs_start_in_the_order_in_which_they_came(alive):
    async with alive(JOBS, **ONE) as live:
        runs = await several(live, 200)
        await live.until_ended(runs[-1])
        assert list(range(200)) == ORDER


async def test_lower_numbers_go_first(alive):
    async with alive(JOBS, **ONE) as live:
        gate = await blocked(live)
        for mark in (5, -5, 0, 50, -50):
            await live.enqueuer.enqueue(NewRun(job="ordered", args={"mark": mark}, priority=mark))
        live.node.workers.stop(gate, Stop.CANCEL)
        await until(lambda: len(ORDER) == 5)
        assert sorted(ORDER) == ORDER


async def test_a_newly_due_run_of_higher_priority_goes_before_those_that_were_claimed_ahead(alive):
    async with alive(JOBS, **ONE) as live:
        await several(live, 100)  # short ones: the appetite grows
        await until(lambda: len(ORDER) == 100)
        ORDER.clear()
        await several(live, 400)
        urgent = await live.enqueuer.enqueue(NewRun(job="ordered", args={"mark": "urgent"}, priority=-100))
        await live.until_ended(urgent)
        await until(lambda: len(ORDER) == 401)
        assert ORDER.index("urgent") < 350


async def test_a_run_of_low_priority_does_not_starve_behind_a_stream_of_urgent_ones(alive):
    async with alive(JOBS, workers=2) as live:
        gates = [await live.add("waits") for _ in range(2)]
        for gate in gates:
            await live.until_running(gate)
        low = await live.enqueuer.enqueue(NewRun(job="ordered", args={"mark": "low"}, priority=90))
        await live.enqueuer.enqueue_many(
            [NewRun(job="ordered", args={"mark": n, "seconds": 0.06}, priority=-90) for n in range(60)]
        )
        for gate in gates:
            live.node.workers.stop(gate, Stop.CANCEL)
        await live.until_ended(low)
        assert ORDER.index("low") < 50


async def test_no_more_attempts_than_workers_and_all_of_them_busy(alive):
    async with alive(JOBS, workers=3) as live:
        runs = [await live.add("ordered", mark=n, seconds=0.2) for n in range(9)]
        most = 0

        def count() -> bool:
            nonlocal most
            most = max(most, len(live.node.workers.under_way))
            return len(ORDER) == 9 and not live.node.workers.under_way

        await until(count)
        assert most == 3
        for run in runs:
            await live.until_ended(run)


async def test_a_run_that_is_due_later_starts_within_a_moment_of_its_time(alive, store):
    async with alive(JOBS, poll=10 * SECOND) as live:
        now = await store.database.fetchval("select now()")
        run = await live.enqueuer.enqueue(NewRun(job="nothing", due_at=now + 0.7 * SECOND))
        assert await state(store, run) == "scheduled"
        row = await live.until_ended(run, 5)
        assert timedelta(0) <= row["started_at"] - row["due_at"] < 0.25 * SECOND


async def test_an_enqueue_starts_at_once_although_the_poll_is_far_away(alive):
    async with alive(JOBS, poll=10 * SECOND) as live:
        await until(lambda: live.node.look.latest)
        row = await live.until_ended(await live.add("nothing"), 2)
        assert row["started_at"] - row["due_at"] < 0.25 * SECOND


async def test_a_run_that_an_application_added_silently_is_seen_by_the_next_poll(alive, store):
    async with alive(JOBS) as live:
        (run,) = await store.runs.enqueue([NewRun(job="nothing")])
        await live.until_ended(run, 2)


async def test_suspects_are_tried_one_at_a_time(alive, store):
    dead = await other_node(store)
    text = JOBS.replace("[jobs.waits]", "[jobs.suspect]\nrun = 'support.jobs:ordered'\n[jobs.waits]")
    async with alive(text, workers=4) as live:
        await store.database.execute("update jobd.nodes set lost = true where id = $1", dead)
        rows = await store.database.fetch(
            "insert into jobd.runs (job, queue, source, state, node, attempt, claimed_at, started_at, args)"
            " select 'suspect', 'default', 'test', 'running', $1, 1, now(), now(),"
            " jsonb_build_object('mark', n, 'seconds', 0.15) from generate_series(1, 4) n returning id", dead,
        )  # fmt: skip
        most = 0

        def together() -> bool:
            nonlocal most
            most = max(most, len(live.node.workers.under_way))
            return len(ORDER) == 4 and not live.node.workers.under_way

        await until(together, 8)
        assert most == 1
        for row in rows:
            assert (await live.until_ended(row["id"]))["crashes"] == 1
