"""Uniqueness on a living node: one run for one key however many ask, until it has ended in whatever way."""

from __future__ import annotations

import asyncio

import pytest
from support import gated, rows
from support.nodes import configured, live_row
from support.waiting import until

from jobd.model.run import NewRun
from jobd.store.runs import Runs

JOBS = """
[jobs.plain]
run = "support.gated:gated"
[jobs.once]
run = "support.gated:gated"
unique = true
timeout = "2s"
[jobs.again]
run = "support.gated:gated"
unique = true
retries = 1
retry_delay = "1h"
[jobs.by-address]
run = "support.gated:gated"
unique = { key = "args.email", within = "1h" }
"""


@pytest.fixture(autouse=True)
def shut_gate():
    gated.shut()
    yield
    gated.GATE.set()


async def runs_of(store, job: str) -> int:
    return await store.database.fetchval(
        "select (select count(*) from jobd.runs where job = $1) + (select count(*) from jobd.history where job = $1)",
        job,
    )


# Idempotency keys


async def test_a_second_enqueue_with_a_key_gets_the_first_runs_id_before_and_after_its_end(alive, store):
    keyed = NewRun(job="plain", key="order-7")
    async with alive(JOBS) as live:
        run = await live.enqueuer.enqueue(keyed)
        await live.until_running(run)
        assert await live.enqueuer.enqueue_keyed(keyed) == (run, False)
        gated.GATE.set()
        await live.until_ended(run)
        assert await live.enqueuer.enqueue_keyed(keyed) == (run, False)
        await live.until_ended(await live.add("plain"))
    assert gated.STARTED.count(run) == 1 and await runs_of(store, "plain") == 2


async def test_a_key_belongs_to_its_job(alive):
    async with alive(JOBS, enabled=False) as live:
        first = await live.enqueuer.enqueue(NewRun(job="plain", key="order-7"))
        second = await live.enqueuer.enqueue(NewRun(job="once", key="order-7"))
        assert first != second


async def test_an_expired_key_starts_a_new_run(alive, store):
    keyed = NewRun(job="plain", key="order-7")
    gated.GATE.set()
    async with alive(JOBS) as live:
        first = await live.enqueuer.enqueue(keyed)
        await live.until_ended(first)
        await store.database.execute("update jobd.keys set expires_at = now()")
        second, fresh = await live.enqueuer.enqueue_keyed(keyed)
        assert fresh and second != first
        await live.until_ended(second)
        assert await live.enqueuer.enqueue_keyed(keyed) == (second, False)


@pytest.mark.parametrize("new", [NewRun(job="plain", key="order-7"), NewRun(job="once")], ids=["key", "unique"])
async def test_twenty_callers_at_once_make_one_run_that_is_executed_once(alive, store, new):
    callers = [Runs(store.database) for _ in range(20)]  # each with a connection of its own
    try:
        async with alive(JOBS) as live:
            answers = await asyncio.gather(*(caller.enqueue_keyed(new) for caller in callers))
            (run,) = {run for run, _ in answers}
            assert [fresh for _, fresh in answers].count(True) == 1
            await live.until_running(run)
            gated.GATE.set()
            await live.until_ended(run)
    finally:
        for caller in callers:
            await caller.close()
    assert [run] == gated.STARTED and await runs_of(store, new.job) == 1


async def test_keys_among_many_runs_enqueued_together_are_honoured(alive, store):
    async with alive(JOBS, enabled=False) as live:
        new = [NewRun(job="plain", key=f"order-{n % 3}") for n in range(9)] + [NewRun(job="plain")]
        ids = await live.enqueuer.enqueue_many(new)
        assert ids[:3] * 3 == ids[:9] and len(set(ids)) == 4
        assert await runs_of(store, "plain") == 4


# Unique until the run has ended


@pytest.mark.parametrize(
    ("then", "state"),
    [("succeed", "succeeded"), ("fail", "failed"), ("cancel", "cancelled"), ("transaction", "succeeded")],
)
async def test_a_unique_job_makes_room_when_its_run_has_ended(alive, store, then, state):
    async with alive(JOBS) as live:
        run = await live.add("once", then=then)
        assert await live.add("once", then=then) == run
        await live.until_running(run)
        assert await live.add("once", then=then) == run
        gated.GATE.set()
        assert (await live.until_ended(run))["state"] == state
        await until(lambda: keyless(store), what="the release of the key")
        second = await live.add("once", then=then)
        assert second != run
        await live.until_ended(second)
    assert [run, second] == gated.STARTED


async def keyless(store) -> bool:
    return await store.database.fetchval("select count(*) = 0 from jobd.keys")


async def test_a_run_that_took_too_long_makes_room(alive, store):
    async with alive(JOBS.replace("2s", "200ms")) as live:
        run = await live.add("once")
        assert (await live.until_ended(run))["error"] == "took longer than 0.2 s"
        await until(lambda: keyless(store), what="the release of the key")
        assert await live.add("once") != run


@pytest.mark.parametrize("then", ["fail", "retry"])
async def test_a_run_between_two_attempts_still_keeps_others_out(alive, store, then):
    async with alive(JOBS) as live:
        gated.GATE.set()
        run = await live.add("again", then=then)
        await until(lambda: scheduled(store, run), what="the wait for the second attempt")
        assert await live.add("again", then=then) == run
        await store.database.execute("update jobd.runs set due_at = now() where id = $1", run)
        assert (await live.until_ended(run))["state"] == "failed"
        await until(lambda: keyless(store), what="the release of the key")
        assert await live.add("again", then=then) != run


async def scheduled(store, run: int) -> bool:
    row = await live_row(store, run)
    return row is not None and row["state"] == "scheduled"


async def test_a_job_that_became_unique_by_a_reload_makes_room_when_its_run_has_ended(alive, store):
    text = '[jobs.once]\nrun = "support.gated:gated"\n'
    async with alive(text) as live:
        config = configured(text + "unique = true\n")
        await rows.loaded(store, *config.jobs.values())
        live.enqueuer.jobs = config.jobs
        await live.node.configure(config)
        run = await live.add("once")
        assert await live.add("once") == run
        gated.GATE.set()
        await live.until_ended(run)
        await until(lambda: keyless(store), what="the release of the key")


@pytest.mark.parametrize("enabled", [True, False], ids=["running", "queued"])
async def test_a_cancelled_run_makes_room(alive, store, enabled):
    async with alive(JOBS, enabled=enabled) as live:
        run = await live.add("once")
        if enabled:
            await live.until_running(run)
        await store.runs.request_cancel(run, "no more")
        assert (await live.until_ended(run))["state"] == "cancelled"
        await until(lambda: keyless(store), what="the release of the key")
        assert await live.add("once") != run


async def crashed(store, run: int, *, before: int) -> None:
    """The run was held by a node that has died, and `before` others had died under it."""
    dead = await rows.node(store)
    await store.database.execute(
        "update jobd.runs set state = 'running', node = $2, attempt = attempt + 1, claimed_at = now(),"
        " started_at = now(), crashes = $3 where id = $1", run, dead, before,
    )  # fmt: skip
    await rows.expired(store, dead)


async def test_a_rescued_run_keeps_others_out_and_makes_room_when_it_is_poison(alive, store):
    async with alive(JOBS, enabled=False) as live:
        run = await live.add("once")
        await crashed(store, run, before=0)
        await until(lambda: queued(store, run), what="the rescue")
        assert await live.add("once") == run
        await crashed(store, run, before=3)
        row = await live.until_ended(run)
        assert (row["state"], row["reason"]) == ("failed", "poison")
        assert await keyless(store)
        assert await live.add("once") != run


async def queued(store, run: int) -> bool:
    return (await live_row(store, run))["state"] == "queued"


# Unique within a length of time


async def test_unique_within_looks_at_its_key_alone_and_outlives_the_run(alive, store):
    gated.GATE.set()
    async with alive(JOBS) as live:
        run = await live.add("by-address", email="a@example.com", note=1)
        await live.until_ended(run)
        assert await live.add("by-address", email="a@example.com", note=2) == run
        other = await live.add("by-address", email="b@example.com", note=1)
        assert other != run
        await live.until_ended(other)
        later = "update jobd.keys set expires_at = expires_at - interval '1 h' where run_id = $1"
        await store.database.execute(later, run)
        again = await live.add("by-address", email="a@example.com", note=2)
        assert again not in (run, other)
        assert await live.add("by-address", email="b@example.com") == other
