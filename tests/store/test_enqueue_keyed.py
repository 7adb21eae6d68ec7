"""Idempotency keys and `unique`: however many ask at once, there is one run."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from support.rows import claimed, ending, finish, loaded, node

from jobd.errors import UnknownJob
from jobd.model.job import Job, Unique
from jobd.model.run import NewRun
from jobd.store import endings

KEYED = NewRun(job="job", key="order-7")


async def ended(store, holder, run):
    """The run is over, and its key is released as the recorder does it."""
    (claim,) = await claimed(store, holder)
    assert claim.id == run
    end = ending(claim, holder)
    async with store.database.connection() as connection:
        await finish(connection, holder, end)
        await endings.release_keys(connection, [end])


async def raced(store, new, *, callers=12):
    """What each of several connections is answered that ask at the same instant."""
    links = [store.database.link(f"caller {n}") for n in range(callers)]
    try:
        await asyncio.gather(*(link.fetch("select 1") for link in links))
        args = (new.job, None, None, None, None, "test", None, new.key, timedelta(days=1))
        return await asyncio.gather(*(link.fetchrow(endings.sql.enqueue_keyed, *args) for link in links))
    finally:
        for link in links:
            await link.close()


async def test_of_many_callers_with_one_key_one_adds_the_run_and_all_hear_its_id(store):
    await loaded(store)
    for number in range(5):
        answers = await raced(store, NewRun(job="job", key=f"order-{number}"))
        assert len({row["id"] for row in answers}) == 1
        assert [row["fresh"] for row in answers].count(True) == 1
    assert await store.database.fetchval("select count(*) from jobd.runs") == 5


async def test_of_many_callers_of_a_unique_job_one_adds_the_run(store):
    await loaded(store, Job(name="job", command=("true",), unique=Unique()))
    answers = await raced(store, NewRun(job="job"))
    assert len({row["id"] for row in answers}) == 1
    assert await store.database.fetchval("select count(*) from jobd.runs") == 1


async def test_a_key_outlives_its_run_until_it_expires(store):
    await loaded(store)
    holder = await node(store)
    first, fresh = await store.runs.enqueue_keyed(KEYED)
    assert fresh
    await ended(store, holder, first)
    assert await store.runs.enqueue_keyed(KEYED) == (first, False)
    await store.database.execute("update jobd.keys set expires_at = now() - interval '1 s'")
    second, fresh = await store.runs.enqueue_keyed(KEYED)
    assert fresh and second != first


async def test_a_run_that_is_unique_until_it_ends_makes_room_when_it_has(store):
    await loaded(store, Job(name="job", command=("true",), unique=Unique()))
    holder = await node(store)
    first, _ = await store.runs.enqueue_keyed(NewRun(job="job"))
    assert await store.runs.enqueue_keyed(NewRun(job="job")) == (first, False)
    await ended(store, holder, first)
    second, fresh = await store.runs.enqueue_keyed(NewRun(job="job"))
    assert fresh and second != first


async def test_a_key_whose_release_was_lost_does_not_lock_its_job_for_ever(store):
    """The daemon may die between the ending of a run and the release of its key."""
    await loaded(store, Job(name="job", command=("true",), unique=Unique()))
    holder = await node(store)
    first, _ = await store.runs.enqueue_keyed(NewRun(job="job"))
    (claim,) = await claimed(store, holder)
    async with store.database.connection() as connection:
        await finish(connection, holder, ending(claim, holder))
    answers = await raced(store, NewRun(job="job"))
    assert {row["id"] for row in answers} != {first} and len({row["id"] for row in answers}) == 1
    assert await store.database.fetchval("select count(*) from jobd.runs") == 1


async def test_a_cancelled_or_rescued_end_frees_the_key(store):
    await loaded(store, Job(name="job", command=("true",), unique=Unique()))
    holder = await node(store)
    first, _ = await store.runs.enqueue_keyed(NewRun(job="job"))
    await store.runs.request_cancel(first, "no")
    second, fresh = await store.runs.enqueue_keyed(NewRun(job="job"))
    assert fresh
    await claimed(store, holder)
    await store.runs.request_cancel(second, "no")
    await store.nodes.leave(holder)
    assert [run.verdict for run in await store.nodes.rescue(10)] == ["cancelled"]
    assert (await store.runs.enqueue_keyed(NewRun(job="job")))[1]


async def test_uniqueness_looks_at_the_arguments_that_it_names_and_at_the_defaults(store):
    await loaded(store, Job(name="job", command=("true",), args={"user": 1, "note": "a"}, unique=Unique(key=("user",))))
    first, _ = await store.runs.enqueue_keyed(NewRun(job="job", args={"note": "b"}))
    assert await store.runs.enqueue_keyed(NewRun(job="job", args={"user": 1})) == (first, False)
    assert (await store.runs.enqueue_keyed(NewRun(job="job", args={"user": 2})))[1]
    assert (await store.runs.enqueue_keyed(NewRun(job="job", args={"user": "1"})))[1]


async def test_a_job_that_nobody_loaded_is_named(store):
    with pytest.raises(UnknownJob, match="job"):
        await store.runs.enqueue_keyed(KEYED)
