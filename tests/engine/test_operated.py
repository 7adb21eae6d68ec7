"""What operators ask of a node and its queues holds at once, and what runs is left alone."""

from __future__ import annotations

import pytest
from support.jobs import LET_GO
from support.nodes import live_row
from support.waiting import until

JOBS = """
[queues]
default = {}
low = { weight = 1 }
[jobs.nothing]
run = "support.jobs:nothing"
[jobs.holds]
run = "support.jobs:thread_waits"
"""


async def shown(live) -> str:
    return await live.store.database.fetchval("select state from jobd.nodes where id = $1", live.node.id)


async def wish(live, desired: str) -> None:
    """As the API does it."""
    await live.store.database.execute("update jobd.nodes set desired = $2 where id = $1", live.node.id, desired)
    live.node.look.soon()


async def looked(live) -> None:
    """A whole look after this moment has been obeyed."""
    before = live.node.look.latest
    live.node.look.soon()
    await until(lambda: live.node.look.latest is not before, what="a look")


async def test_a_paused_queue_starts_nothing_until_it_is_resumed(alive, store):
    async with alive(JOBS) as live:
        await store.database.execute("update jobd.queues set paused_at = now() where name = 'low'")
        await looked(live)
        held, free = await live.add("nothing", queue="low"), await live.add("nothing")
        await live.until_ended(free)
        await looked(live)
        assert (await live_row(store, held))["state"] == "queued"
        await store.database.execute("update jobd.queues set paused_at = null where name = 'low'")
        live.node.look.soon()
        assert (await live.until_ended(held))["state"] == "succeeded"


async def test_what_was_claimed_ahead_of_a_pause_goes_back_unstarted(alive, store):
    async with alive(JOBS, workers=1) as live:
        busy = await live.add("nothing")
        await live.until_ended(busy)
        runs = [await live.add("nothing", queue="low") for _ in range(3)]
        await live.until_ended(runs[-1])
        # by now both queues' jobs are known to be short; take what a claim ahead takes, without a worker for it
        await store.database.execute("update jobd.queues set paused_at = now() where name = 'low'")
        await looked(live)
        waiting = [await live.add("nothing", queue="low") for _ in range(5)]
        claimed = await store.runs.claim({"low": 5}, ["nothing"], live.node.id, starts=False)
        live.node.dispatcher.buffers.put(claimed, 0.0)
        await looked(live)
        await until(lambda: not live.node.dispatcher.buffers.held(), what="handing back")

        async def back() -> bool:
            rows = [await live_row(store, run) for run in waiting]
            return all(row["state"] == "queued" and row["node"] is None for row in rows)

        await until(back, what="the runs in their queue again")


async def test_a_pause_ends_by_itself_at_its_time(alive, store):
    async with alive(JOBS) as live:
        await store.database.execute(
            "update jobd.queues set paused_at = now(), paused_by = 'me', paused_until = now() + interval '1 hour' "
            "where name = 'low'"
        )
        await looked(live)
        held = await live.add("nothing", queue="low")
        await looked(live)
        assert (await live_row(store, held))["state"] == "queued"
        await store.database.execute("update jobd.queues set paused_until = now() where name = 'low'")
        live.node.look.soon()
        await live.until_ended(held)
        row = await store.database.fetchrow(
            "select paused_at, paused_by, paused_until from jobd.queues where name = 'low'"
        )
        assert tuple(row) == (None, None, None)


async def test_a_paused_schedule_goes_on_after_its_pause_with_the_first_slot_behind_it(alive, store):
    schedules = '[schedules.often]\njob = "nothing"\nevery = "1h"\n'
    async with alive(JOBS + schedules) as live:
        await store.database.execute(
            "update jobd.schedules set paused_at = now(), paused_until = now(), next_slot = now() - interval '3 hours'"
        )
        live.node.look.soon()

        async def resumed() -> bool:
            return await store.database.fetchval("select paused_at is null from jobd.schedules where name = 'often'")

        await until(resumed, what="the end of the pause")
        assert await store.database.fetchval("select next_slot > now() from jobd.schedules where name = 'often'")
        assert await store.database.fetchval("select count(*) from jobd.history") == 0, "a pause is no misfire"


async def test_a_quiet_node_finishes_what_it_runs_and_begins_nothing(alive, store):
    async with alive(JOBS) as live:
        running = await live.add("holds")
        await live.until_running(running)
        await wish(live, "quiet")
        await until(lambda: live.node.hunger.quiet)
        waits = await live.add("nothing")
        await looked(live)
        assert (await live_row(store, waits))["state"] == "queued"
        assert running in live.node.workers.under_way
        await until(lambda: is_shown(live, "quiet"), what="the state for people")
        await wish(live, "running")
        assert (await live.until_ended(waits))["state"] == "succeeded"
        await until(lambda: is_shown(live, "running"))
        LET_GO.set()
        await live.until_ended(running)


async def is_shown(live, state: str) -> bool:
    return await shown(live) == state


async def test_a_drained_node_says_so_when_nothing_is_left(alive, store):
    async with alive(JOBS) as live:
        running = await live.add("holds")
        await live.until_running(running)
        await wish(live, "drain")
        await until(lambda: is_shown(live, "draining"), what="draining")
        LET_GO.set()
        await live.until_ended(running)
        live.node.look.soon()
        await until(lambda: is_shown(live, "drained"), what="drained")


async def test_a_weight_set_by_an_operator_counts_and_is_taken_back(alive, store):
    async with alive(JOBS) as live:
        lane = live.node.dispatcher.stride.lanes["low"]
        await store.database.execute("update jobd.queues set weight_override = 40 where name = 'low'")
        await looked(live)
        assert lane.weight == 40
        await store.database.execute("update jobd.queues set weight_override = null where name = 'low'")
        await looked(live)
        assert lane.weight == 1


async def test_a_node_tells_what_it_serves_and_knows(alive, store):
    async with alive(JOBS) as live:

        async def told() -> str | None:
            return await store.database.fetchval(
                "select info->>'queues' || (info->>'jobs') from jobd.nodes where id = $1 and info <> '{}'", live.node.id
            )

        assert await until(told) == '["default", "low"]["holds", "nothing"]'


@pytest.mark.parametrize("desired", ["quiet", "drain"])
async def test_a_wish_outlives_the_lease_that_it_was_told_to(alive, store, desired: str):
    async with alive(JOBS) as live:
        await wish(live, desired)
        await until(lambda: live.node.desired == desired)
        assert live.node._identity().desired == desired
