"""Endings reach Postgres in order, each once, whatever one of them holds and whichever answer is lost."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from support.nodes import attempts_of, ended_row, live_row
from support.proxy import proxied
from support.rows import added, claimed, ending, loaded, node, state

from jobd.engine.loops import Pulse, running
from jobd.engine.recorder import Recorder
from jobd.model.job import Job, Unique
from jobd.model.run import Items, Outcome
from jobd.store.database import Link

TIMEOUT = timedelta(seconds=5)
STATEMENT = b"delete from jobd.runs r using given g"


class Recording:
    """A recorder whose announcements are kept."""

    def __init__(self, url: str) -> None:
        self.announced: list[int] = []
        self.recorder = Recorder(
            Link(url, name="test endings", statement_timeout=TIMEOUT),
            Pulse(),
            lambda endings: self.announced.extend(one.run.id for one in endings),
        )


@pytest.fixture
async def held(store):
    """Five claimed runs, and the node that holds them."""
    await loaded(store)
    holder = await node(store)
    for _ in range(5):
        await added(store)
    return holder, sorted(await claimed(store, holder, 5), key=lambda run: run.id)


async def recorded(url: str, *endings) -> Recording:
    """A recorder that has written these, and has been closed again."""
    recording = Recording(url)
    async with running(recording.recorder.run()):
        for one in endings:
            recording.recorder.add(one)
        assert await recording.recorder.flushed(10)
    await recording.recorder.close()
    return recording


async def test_endings_are_announced_after_they_are_written_and_in_their_order(store, held, migrated_url):
    holder, runs = held
    recording = await recorded(migrated_url, *(ending(run, holder) for run in reversed(runs)))
    assert recording.announced == [run.id for run in reversed(runs)]
    assert [await state(store, run.id) for run in runs] == ["succeeded"] * 5
    assert recording.recorder.held() == [] and recording.recorder.dropped == 0


@pytest.mark.parametrize(
    "poison",
    [
        {"result": "no json"},
        {"result": '"\\u0000"'},
        {"error": "a\x00b"},
        {"reason": "\ud800"},
        {"items": Items(done=2**40)},
    ],
    ids=["no JSON", "NUL in JSON", "NUL", "surrogate", "number"],
)
async def test_one_ending_that_postgres_refuses_does_not_fail_its_batch(store, held, migrated_url, poison):
    holder, runs = held
    endings = [ending(run, holder) for run in runs]
    endings[2] = ending(runs[2], holder, Outcome.FAILED if "error" in poison else Outcome.SUCCEEDED, **poison)
    recording = await recorded(migrated_url, *endings)
    assert sorted(recording.announced) == [run.id for run in runs]
    expected = ["succeeded"] * 5
    expected[2] = endings[2].outcome.value
    assert [await state(store, run.id) for run in runs] == expected
    row = await ended_row(store, runs[2].id)
    assert row["result"] is None and row["items_done"] is None


async def test_one_retry_that_postgres_refuses_does_not_fail_its_batch(store, held, migrated_url):
    holder, runs = held
    endings = [ending(run, holder, Outcome.FAILED, again=True, error="e") for run in runs]
    endings[1].error = "a\x00b"
    await recorded(migrated_url, *endings)
    assert [await state(store, run.id) for run in runs] == ["queued"] * 5
    (tried,) = await attempts_of(store, runs[1].id)
    assert "could not be stored" in tried["error"]


@pytest.mark.parametrize("again", [False, True])
async def test_a_lost_answer_of_a_commit_is_no_lost_lease(store, held, migrated_url, again):
    holder, runs = held
    outcome = Outcome.FAILED if again else Outcome.SUCCEEDED
    async with proxied(migrated_url) as wire:
        wire.lose_answer(b"as t(id, attempt, outcome, wait" if again else STATEMENT)
        recording = await recorded(wire.url, *(ending(run, holder, outcome, again=again) for run in runs))
        assert wire.bitten.is_set()
    assert recording.recorder.dropped == 0
    assert sorted(set(recording.announced)) == [run.id for run in runs]
    assert [await state(store, run.id) for run in runs] == ["queued" if again else "succeeded"] * 5


async def test_a_lost_answer_leaves_no_key_behind(store, migrated_url):
    await loaded(store, Job(name="job", command=("true",), unique=Unique()))
    holder = await node(store)
    from jobd.model.run import NewRun

    run, _ = await store.runs.enqueue_keyed(NewRun(job="job"))
    (claim,) = await claimed(store, holder)
    async with proxied(migrated_url) as wire:
        wire.lose_answer(STATEMENT)
        await recorded(wire.url, ending(claim, holder))
        assert wire.bitten.is_set()
    assert await state(store, run) == "succeeded"
    assert await store.database.fetchval("select count(*) from jobd.keys") == 0


async def test_endings_wait_through_an_outage(store, held, migrated_url):
    holder, runs = held
    async with proxied(migrated_url) as wire:
        wire.cut()
        recording = Recording(wire.url)
        async with running(recording.recorder.run()):
            for run in runs:
                recording.recorder.add(ending(run, holder))
            assert not await recording.recorder.flushed(0.3)
            assert recording.recorder.backlog == 5 and sorted(recording.recorder.held()) == [run.id for run in runs]
            wire.mend()
            assert await recording.recorder.flushed(5)
        await recording.recorder.close()
    assert [await state(store, run.id) for run in runs] == ["succeeded"] * 5


async def test_endings_of_a_day_without_a_partition_wait_until_it_is_made(store, held, migrated_url):
    holder, runs = held
    recording = Recording(migrated_url)
    today = await store.database.fetchval("select to_char(now() at time zone 'UTC', 'YYYYMMDD')")
    await store.database.execute(f"drop table jobd.history_{today}")
    try:
        async with running(recording.recorder.run()):
            recording.recorder.add(ending(runs[0], holder))
            assert not await recording.recorder.flushed(0.3)
            assert await store.retention.make_partitions()
            assert await recording.recorder.flushed(10)
    finally:
        await store.retention.make_partitions()
        await recording.recorder.close()
    assert await state(store, runs[0].id) == "succeeded"


async def test_the_result_of_a_lost_lease_is_dropped_and_counted_and_the_others_stand(store, held, migrated_url):
    holder, runs = held
    await store.database.execute("update jobd.runs set node = $2 where id = $1", runs[0].id, await node(store))
    recording = await recorded(migrated_url, *(ending(run, holder) for run in runs))
    assert recording.recorder.dropped == 1 and len(recording.announced) == 4
    assert [await state(store, run.id) for run in runs] == ["running"] + ["succeeded"] * 4
    assert await store.database.fetchval("select sum(succeeded) from jobd.stats") == 4


async def test_a_retry_whose_cancel_was_asked_for_ends_as_cancelled_once(store, held, migrated_url):
    holder, runs = held
    await store.runs.request_cancel(runs[0].id, "no more")
    failed = ending(runs[0], holder, Outcome.FAILED, again=True, error="e", spend=1)
    recording = await recorded(migrated_url, failed)
    row = await ended_row(store, runs[0].id)
    assert (row["state"], row["reason"], recording.recorder.dropped) == ("cancelled", "no more", 0)
    assert recording.announced == [runs[0].id]
    assert await store.database.fetchval("select sum(cancelled) from jobd.stats") == 1


async def test_the_minutes_counts_add_up(store, held, migrated_url):
    holder, runs = held
    outcomes = [Outcome.SUCCEEDED, Outcome.SUCCEEDED, Outcome.FAILED, Outcome.TIMED_OUT, Outcome.FAILED]
    endings = [ending(run, holder, outcome) for run, outcome in zip(runs, outcomes, strict=True)]
    endings[4].again = True
    await recorded(migrated_url, *endings)
    row = await store.database.fetchrow(
        "select sum(succeeded) as s, sum(failed) as f, sum(retried) as r, sum(run_ms) as ms from jobd.stats"
    )
    assert (row["s"], row["f"], row["r"], row["ms"]) == (2, 2, 1, 1250)


async def test_a_result_is_stored_as_it_was(store, held, migrated_url):
    holder, runs = held
    await recorded(
        migrated_url, ending(runs[0], holder, result='{"a": [1, "ü"]}', items=Items(done=3, skipped=2, failed=1))
    )
    row = await ended_row(store, runs[0].id)
    assert json.loads(row["result"]) == {"a": [1, "ü"]}
    assert (row["items_done"], row["items_skipped"], row["items_failed"]) == (3, 2, 1)
    assert row["finished_at"] - row["started_at"] == timedelta(seconds=0.25)
    assert await live_row(store, runs[0].id) is None
