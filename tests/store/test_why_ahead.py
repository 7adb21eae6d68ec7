"""Which runs of a queue go before one, and which only seem to; found by indexes however many wait."""

from __future__ import annotations

from support.rows import QUEUES, added, loaded
from test_claim_plan import FILL, indexes, plan_of

from jobd.model.job import Job
from jobd.model.privacy import Mask
from jobd.model.why import Ahead
from jobd.store.store import Store
from jobd.store.views import Views
from jobd.store.why import sql

JOB, OTHER, OFF = (Job(name=name, command=("true",)) for name in ("job", "other", "off"))


async def ahead(store: Store, run: int) -> Ahead | None:
    return (await Views(store.database, Mask()).why.of_run(run)).ahead


async def changed(store: Store, run: int, change: str) -> None:
    await store.database.execute(f"update jobd.runs set {change} where id = $1", run)


async def test_runs_go_by_priority_then_due_time_then_id(store: Store):
    await loaded(store, JOB, OTHER)
    early, late, urgent = [await added(store), await added(store), await added(store, "other", priority=-5)]
    await store.database.execute("update jobd.runs set due_at = now() - interval '1 minute'")
    assert await ahead(store, urgent) is None
    assert await ahead(store, early) == Ahead(id=urgent, job="other", count=1)
    assert await ahead(store, late) == Ahead(id=urgent, job="other", count=2)
    await changed(store, late, "due_at = due_at - interval '1 second'")
    assert await ahead(store, early) == Ahead(id=urgent, job="other", count=2)
    await changed(store, urgent, "priority = 5")
    assert await ahead(store, early) == Ahead(id=late, job="job", count=1)


async def test_who_does_not_take_its_turn_in_the_queue_does_not_go_before(store: Store):
    await store.jobs.load("test", [JOB, OFF], QUEUES, [], disabled={"off": "no table x"}, tzdata="1")
    before = [await added(store) for _ in range(5)]
    off = await added(store, "off")
    last = await added(store)
    for run, change in zip(
        before[1:],
        ("queue = 'low'", "state = 'scheduled'", "crashes = 1", "limit_key = 'k', blocked = true"),
        strict=True,
    ):
        await changed(store, run, change)
    assert off < last
    assert await ahead(store, last) == Ahead(id=before[0], job="job", count=1)


async def test_a_run_that_waits_for_its_key_comes_after_those_that_wait_for_it_longer(store: Store):
    await loaded(store, JOB)
    first, free, second, elsewhere = [await added(store) for _ in range(4)]
    for run in (first, second, elsewhere):
        await changed(store, run, "limit_key = 'k', blocked = true")
    await changed(store, first, "queue = 'low'")
    assert await ahead(store, elsewhere) == Ahead(id=free, job="job", count=2)
    await changed(store, first, "queue = 'default'")
    assert await ahead(store, elsewhere) == Ahead(id=free, job="job", count=3)
    await changed(store, free, "limit_key = 'other'")
    assert await ahead(store, second) == Ahead(id=free, job="job", count=2)


async def test_counting_stops_a_bit_over_ten_thousand_and_stays_on_the_indexes(store: Store):
    await loaded(store, JOB)
    last = await added(store, priority=100)
    await store.database.execute(FILL, 50_000)
    await store.database.execute("analyze jobd.runs")
    try:
        found = await ahead(store, last)
        assert found is not None and found.count == 10_001
        async with store.database.connection() as connection:
            row = await connection.fetchrow("select * from jobd.runs where id = $1", last)
            plan = await plan_of(connection, sql.ahead, "default", row["priority"], row["due_at"], last, "k")
        assert {"runs_claimable", "runs_claimable_limited", "runs_blocked"} <= indexes(plan)
        assert "seq" not in indexes(plan)
    finally:
        await store.database.execute("truncate jobd.runs")
        await store.database.execute("analyze jobd.runs")
