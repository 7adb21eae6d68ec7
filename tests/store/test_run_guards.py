"""A change of state is accepted once, from the attempt that holds the run, and from nobody else."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from support import rows
from support.nodes import attempts_of, ended_row, live_row
from support.rows import added, claimed, ending, expired, loaded, node, state

from jobd.errors import NotFound
from jobd.model.change import Actor
from jobd.model.job import Job
from jobd.model.run import Outcome
from jobd.store import endings

ME = Actor(name="uid:1 (me)", uid=1)


async def finish(store, holder, *ended):
    async with store.database.connection() as connection:
        return await rows.finish(connection, holder, *ended)


async def put_back(store, holder, *ended):
    async with store.database.connection() as connection:
        return await endings.put_back(connection, holder, ended, time.monotonic())


@pytest.fixture
async def holder(store):
    await loaded(store)
    return await node(store)


async def lost(store, holder):
    await expired(store, holder)
    await store.nodes.mark_expired(0)


async def test_two_nodes_never_claim_the_same_run(store, holder):
    other = await node(store)
    runs = {await added(store) for _ in range(200)}
    link = store.database.link("other")
    try:
        batches = await asyncio.gather(
            *(store.runs.claim({"default": 7}, ["job"], holder, starts=True) for _ in range(20)),
            *(link.fetch(endings.sql.claim, ["default"], [7], ["job"], other, True) for _ in range(20)),
        )
    finally:
        await link.close()
    got = [row["id"] for batch in batches for row in batch]
    assert len(got) == 200 and set(got) == runs


async def test_a_node_that_is_lost_or_past_its_lease_claims_nothing(store, holder):
    await added(store)
    await expired(store, holder)
    assert await claimed(store, holder) == []
    await store.nodes.mark_expired(0)
    await store.database.execute("update jobd.nodes set lease_until = now() + interval '1 hour'")
    assert await claimed(store, holder) == []


async def test_a_claim_takes_lower_numbers_first_and_equals_in_the_order_of_their_due_time(store, holder):
    late = await added(store, priority=5)
    first, second = [await added(store) for _ in range(2)]
    urgent = await added(store, priority=-5)
    assert [run.id for run in sorted(await claimed(store, holder, 3), key=lambda r: (r.priority, r.due, r.id))] == [
        urgent, first, second,
    ]  # fmt: skip
    assert (await store.runs.claim_oldest("default", ["job"], holder))[0].id == late


async def test_the_oldest_run_is_claimed_whatever_its_priority(store, holder):
    old = await added(store, priority=90)
    for _ in range(3):
        await added(store, priority=-90)
    assert [run.id for run in await store.runs.claim_oldest("default", ["job"], holder)] == [old]


async def test_an_attempt_that_was_rescued_cannot_end_the_run_that_another_holds(store, holder):
    run = await added(store)
    (old,) = await claimed(store, holder)
    await lost(store, holder)
    assert [r.verdict for r in await store.nodes.rescue(10)] == ["queued"]
    other = await node(store)
    (new,) = await store.runs.claim_suspect(["default"], ["job"], other)
    assert (old.attempt, new.attempt) == (1, 2)
    assert await finish(store, holder, ending(old, holder)) == set()
    assert await put_back(store, holder, ending(old, holder, Outcome.FAILED, again=True)) == (set(), set())
    assert await finish(store, other, ending(old, other)) == set()
    assert await state(store, run) == "running"
    assert await finish(store, other, ending(new, other)) == {run}
    assert await finish(store, other, ending(new, other)) == set()
    assert (await ended_row(store, run))["attempt"] == 2


async def test_the_first_attempt_of_the_same_node_cannot_end_the_second(store, holder):
    run = await added(store)
    (old,) = await claimed(store, holder)
    await put_back(store, holder, ending(old, holder, Outcome.FAILED, again=True, error="x"))
    (new,) = await claimed(store, holder)
    assert await finish(store, holder, ending(old, holder)) == set()
    assert await finish(store, holder, ending(new, holder)) == {run}


async def test_a_retry_spends_what_it_is_told_and_waits_as_long(store, holder):
    await loaded(store, Job(name="job", command=("true",)))
    run = await added(store)
    (claim,) = await claimed(store, holder)
    failed = ending(claim, holder, Outcome.FAILED, again=True, again_in=300.0, spend=1, error="e", traceback="t")
    assert await put_back(store, holder, failed) == ({run}, set())
    row = await live_row(store, run)
    assert (row["state"], row["retries_left"], row["node"], row["attempt"]) == ("scheduled", 2, None, 1)
    wait = row["due_at"] - await store.database.fetchval("select now()")
    assert timedelta(seconds=295) < wait < timedelta(seconds=301)
    (tried,) = await attempts_of(store, run)
    assert (tried["outcome"], tried["error"], tried["traceback"], tried["node"]) == ("failed", "e", "t", holder)


async def test_an_interruption_that_never_started_leaves_no_trace(store, holder):
    run = await added(store)
    (claim,) = await claimed(store, holder)
    unstarted = ending(claim, holder, Outcome.INTERRUPTED, again=True)
    unstarted.took = 0.0
    assert await put_back(store, holder, unstarted) == ({run}, set())
    row = await live_row(store, run)
    assert (row["state"], row["retries_left"], row["started_at"], row["crashes"]) == ("queued", 3, None, 0)
    assert await attempts_of(store, run) == []


async def test_a_run_whose_end_was_asked_for_is_not_put_back(store, holder):
    run = await added(store)
    (claim,) = await claimed(store, holder)
    asked = await store.runs.request_cancel(run, "no more")
    assert (asked.running, asked.node) == (True, holder)
    failed = ending(claim, holder, Outcome.FAILED, again=True, spend=1)
    assert await put_back(store, holder, failed) == (set(), {run})
    assert await state(store, run) == "running"
    assert await store.runs.cancelled_here(holder) == [(run, 1, "no more")]


async def test_a_cancelled_run_keeps_the_reason_that_somebody_gave(store, holder):
    run = await added(store)
    (claim,) = await claimed(store, holder)
    await store.runs.request_cancel(run, "no more")
    assert await finish(store, holder, ending(claim, holder, Outcome.CANCELLED)) == {run}
    row = await ended_row(store, run)
    assert (row["state"], row["reason"]) == ("cancelled", "no more")


async def test_a_waiting_run_is_cancelled_at_once_and_an_ended_one_not_at_all(store, holder):
    run = await added(store)
    assert not (await store.runs.request_cancel(run, "no more")).running
    row = await ended_row(store, run)
    assert (row["state"], row["reason"], row["attempt"]) == ("cancelled", "no more", 0)
    with pytest.raises(NotFound):
        await store.runs.request_cancel(run, "again")


async def test_a_claim_passes_over_jobs_that_this_node_does_not_know(store, holder):
    await loaded(store, Job(name="job", command=("true",)), Job(name="foreign", command=("true",)))
    await added(store, "foreign")
    run = await added(store)
    assert [r.id for r in await claimed(store, holder, 5)] == [run]


async def test_an_enqueue_answers_ids_in_order_and_none_for_a_job_that_nobody_loaded(store, holder):
    from jobd.model.run import NewRun

    ids = await store.runs.enqueue([NewRun(job="job"), NewRun(job="nowhere"), NewRun(job="job")])
    assert ids[1] is None and ids[0] < ids[2]


async def test_an_ended_run_is_started_again_as_a_new_one_and_a_live_one_is_not(store, holder):
    run = await added(store, args={"a": 1})
    with pytest.raises(NotFound):
        await store.changes.retry(run, ME)
    (claim,) = await claimed(store, holder)
    await finish(store, holder, ending(claim, holder, Outcome.FAILED, error="e"))
    again = await store.changes.retry(run, ME)
    row = await live_row(store, again.id)
    assert (again.queue, row["retried_from"], row["args"], row["retries_left"]) == ("default", run, '{"a": 1}', 3)


async def test_promotion_moves_what_is_due_and_nothing_else(store, holder):
    now = await store.database.fetchval("select now()")
    due, later = [await added(store, due_at=now + timedelta(hours=h)) for h in (1, 2)]
    assert await store.runs.promote(10) == {}
    await store.database.execute("update jobd.runs set due_at = now() where id = $1", due)
    assert await store.runs.promote(10) == {"default": 1}
    assert [await state(store, run) for run in (due, later)] == ["queued", "scheduled"]


async def test_a_run_that_waits_for_its_next_attempt_is_due_now_once_and_keeps_its_attempts(store, holder):
    run = await added(store)
    (claim,) = await claimed(store, holder)
    await put_back(store, holder, ending(claim, holder, Outcome.FAILED, error="e", again_in=300.0, spend=1))
    assert await state(store, run) == "scheduled"
    due = await store.changes.retry(run, ME, "the gateway is back")
    assert (due.id, due.queue, due.fresh) == (run, "default", False)
    (line,) = (await store.views.audit.page()).entries
    assert (line.action, line.target, line.reason) == ("run.retry", str(run), "the gateway is back")
    assert line.before["due_at"] > line.after["due_at"]
    with pytest.raises(NotFound):
        await store.changes.retry(run, ME)
    (again,) = await claimed(store, holder)
    assert (again.id, again.attempt, again.retries_left) == (run, 2, 2)


async def test_a_retry_that_meets_the_promotion_of_its_run_doubles_nothing(store, holder):
    now = await store.database.fetchval("select now()")
    ids = [await added(store, due_at=now + timedelta(hours=1)) for _ in range(40)]
    await store.database.execute("update jobd.runs set due_at = now()")
    async with asyncio.TaskGroup() as group:
        moved = [group.create_task(store.runs.promote(7)) for _ in range(8)]
        retried = [group.create_task(retried_or_not(store, run)) for run in ids * 2]
    by_hand = sum(task.result() for task in retried)
    assert by_hand + sum(task.result().get("default", 0) for task in moved) == len(ids)
    assert sorted(run.id for run in await claimed(store, holder, 100)) == ids
    assert len((await store.views.audit.page(limit=100)).entries) == by_hand


async def retried_or_not(store, run) -> bool:
    try:
        return not (await store.changes.retry(run, ME)).fresh
    except NotFound:
        return False
