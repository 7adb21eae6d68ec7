"""The minutes' counts say what happened: by job, queue and node, with histograms that add up, and nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from support import rows
from support.proxy import proxied

from jobd.engine.loops import Pulse, running
from jobd.engine.recorder import Recorder
from jobd.model.job import Job
from jobd.model.run import Outcome
from jobd.store.database import Link
from jobd.store.endings import BUCKETS, Tallies, bucket, merge

JOBS = (Job(name="job", command=("true",)), Job(name="other", command=("true",), queue="low"))
TIMEOUT = timedelta(seconds=5)
STATEMENT = b"delete from jobd.runs r using given g"
COUNTS = "succeeded, failed, cancelled, retried"


class Recording:
    """One node's recorder, and what it told that it had counted."""

    def __init__(self, url: str) -> None:
        self.told: Tallies = {}
        link = Link(url, name="test endings", statement_timeout=TIMEOUT)
        self.recorder = Recorder(link, Pulse(), lambda _: None, counted=self._counted)

    def _counted(self, tallies: Tallies) -> None:
        self.told = merge(self.told, tallies)


async def recorded(url: str, *endings: Any) -> Recording:
    """The recorder of a node that has written these down."""
    recording = Recording(url)
    async with running(recording.recorder.run()):
        for one in endings:
            recording.recorder.add(one)
        assert await recording.recorder.flushed(20)
    await recording.recorder.close()
    return recording


async def held(store, holder: int, count: int, job: str = "job", queue: str = "default") -> list[Any]:
    for _ in range(count):
        await rows.added(store, job)
    return await rows.claimed(store, holder, count, queue=queue, job=job)


@pytest.fixture
async def holder(store) -> int:
    await rows.loaded(store, *JOBS)
    return await rows.node(store)


async def counted(store, by: str = "job, queue, node") -> dict[Any, dict[str, int]]:
    """(job, queue, node) → the counts of all minutes."""
    columns = ", ".join(f"sum({name})::int as {name}" for name in COUNTS.split(", "))
    found = await store.database.fetch(f"select {by}, {columns} from jobd.stats group by {by}")
    names, counts = by.split(", "), COUNTS.split(", ")
    return {tuple(row[name] for name in names): {n: row[n] for n in counts if row[n]} for row in found}


async def sums(store) -> Any:
    """Times and histograms over all rows, and the number of endings that have been counted."""
    return await store.database.fetchrow(
        "select sum(succeeded + failed + cancelled + retried)::int as n,"
        " sum(run_ms) as run_ms, sum(wait_ms) as wait_ms,"
        " (select array_agg(n order by i) from (select i, sum(v)::int as n from jobd.stats,"
        "   unnest(run_hist) with ordinality h(v, i) group by i) r) as run_hist,"
        " (select array_agg(n order by i) from (select i, sum(v)::int as n from jobd.stats,"
        "   unnest(wait_hist) with ordinality h(v, i) group by i) w) as wait_hist from jobd.stats"
    )


async def test_each_outcome_is_counted_under_its_own_name(store, holder, migrated_url):
    runs = await held(store, holder, 15)
    outcomes = [Outcome.SUCCEEDED] * 4 + [Outcome.FAILED] * 3 + [Outcome.TIMED_OUT] * 2 + [Outcome.CANCELLED]
    endings = [rows.ending(run, holder, outcome) for run, outcome in zip(runs, outcomes, strict=False)]
    endings += [rows.ending(run, holder, Outcome.FAILED, again=True, spend=0) for run in runs[10:13]]
    endings += [rows.ending(run, holder, Outcome.INTERRUPTED, again=True) for run in runs[13:]]
    recording = await recorded(migrated_url, *endings)
    expected = {"succeeded": 4, "failed": 5, "cancelled": 1, "retried": 3}  # an interruption is no ending
    assert await counted(store) == {("job", "default", holder): expected}
    assert {name: getattr(recording.told["job", "default"], name) for name in expected} == expected
    states = Counter(row["state"] for row in await store.database.fetch("select state from jobd.history"))
    assert states == {"succeeded": 4, "failed": 5, "cancelled": 1}


async def test_jobs_queues_and_nodes_have_rows_of_their_own_and_a_queue_is_the_runs_not_the_jobs(
    store, holder, migrated_url
):
    second = await rows.node(store)
    elsewhere = await rows.added(store, "other", queue="default")
    runs = {
        ("job", "default", holder): await held(store, holder, 3),
        ("other", "low", holder): await held(store, holder, 2, "other", "low"),
        ("job", "default", second): await held(store, second, 4),
        ("other", "default", second): await rows.claimed(store, second, 1, job="other"),
    }
    assert [run.id for run in runs["other", "default", second]] == [elsewhere]
    for node in (holder, second):
        mine = [rows.ending(run, node) for key, some in runs.items() if key[2] == node for run in some]
        await recorded(migrated_url, *mine)
    assert await counted(store) == {key: {"succeeded": len(some)} for key, some in runs.items()}


async def test_histograms_and_times_add_up(store, holder, migrated_url):
    took = [0.0, 0.0004, 0.001, 0.0019, 0.25, 3.0, 59.0, 9000.0]
    waited = [0.0, 0.01, 0.01, 0.5, 1.0, 90.0, 86_400.0, 0.0]
    runs = await held(store, holder, len(took))
    endings = [
        rows.ending(run, holder, took=t, waited=w) for run, t, w in zip(runs, took, waited, strict=True)
    ]
    for one in (endings[:3], endings[3:]):  # two batches meet in one row
        await recorded(migrated_url, *one)
    found = await sums(store)
    assert found["n"] == len(took)
    for lengths, name in ((took, "run"), (waited, "wait")):
        assert found[f"{name}_ms"] == pytest.approx(1000 * sum(lengths))
        buckets = Counter(bucket(1000 * length) for length in lengths)
        assert found[f"{name}_hist"] == [buckets[place] for place in range(BUCKETS)]


EDGES = [(0.9, 0), (1, 1), (1.9, 1), (2, 2), (1023, 10), (1024, 11), (1e9, 23)]


@pytest.mark.parametrize(("milliseconds", "place"), EDGES)
async def test_a_bucket_ends_where_its_name_says(milliseconds, place):
    assert bucket(milliseconds) == place
    assert place in (0, 23) or 2 ** (place - 1) <= milliseconds < 2**place


async def test_minutes_are_those_of_postgres_and_later_ones_begin_new_rows(store, holder, migrated_url):
    first, second = await held(store, holder, 2)
    await recorded(migrated_url, rows.ending(first, holder))
    await store.database.execute("update jobd.stats set minute = minute - interval '1 minute'")
    await recorded(migrated_url, rows.ending(second, holder))
    found = await store.database.fetch(
        "select minute = date_trunc('minute', minute) as whole,"
        " now() - minute < interval '2 minutes 5 seconds' as near, succeeded from jobd.stats order by minute"
    )
    assert [tuple(row) for row in found] == [(True, True, 1), (True, True, 1)]


async def test_what_postgres_refused_because_the_lease_was_gone_is_not_counted(store, holder, migrated_url):
    thief = await rows.node(store)
    runs = await held(store, holder, 6)
    await store.database.execute("update jobd.runs set node = $2 where id = any($1)", [r.id for r in runs[:2]], thief)
    endings = [rows.ending(run, holder, took=1.0) for run in runs[:5:2]]
    endings += [rows.ending(run, holder, Outcome.FAILED, took=3.0) for run in (runs[1], runs[3])]
    endings += [rows.ending(runs[5], holder, Outcome.FAILED, again=True, took=5.0)]
    recording = await recorded(migrated_url, *endings)
    assert recording.recorder.dropped == 2
    expected = {"succeeded": 2, "failed": 1, "retried": 1}
    assert await counted(store) == {("job", "default", holder): expected}
    found = await sums(store)
    assert found["run_ms"] == 1000 * (1.0 + 1.0 + 3.0 + 5.0) and sum(found["run_hist"]) == sum(found["wait_hist"]) == 4
    assert min(found["run_hist"]) == 0, "what was taken back was taken from where it had been put"
    told = recording.told["job", "default"]
    assert {name: getattr(told, name) for name in expected} == expected and told.run_hist == found["run_hist"]


async def test_a_refused_retry_is_not_counted(store, holder, migrated_url):
    thief = await rows.node(store)
    (run,) = await held(store, holder, 1)
    await store.database.execute("update jobd.runs set node = $2 where id = $1", run.id, thief)
    recording = await recorded(migrated_url, rows.ending(run, holder, Outcome.FAILED, again=True))
    assert recording.recorder.dropped == 1 and await counted(store) == {}


async def test_an_ending_that_could_not_be_stored_as_it_was_is_counted_once(store, holder, migrated_url):
    runs = await held(store, holder, 8)
    endings = [rows.ending(run, holder) for run in runs]
    endings[5] = rows.ending(runs[5], holder, result="{this is no JSON")
    await recorded(migrated_url, *endings)
    assert await counted(store) == {("job", "default", holder): {"succeeded": 8}}


async def test_a_batch_whose_answer_was_lost_is_counted_once(store, holder, migrated_url):
    runs = await held(store, holder, 5)
    async with proxied(migrated_url) as wire:
        wire.lose_answer(STATEMENT)
        await recorded(wire.url, *(rows.ending(run, holder) for run in runs))
        assert wire.bitten.is_set()
    assert await counted(store) == {("job", "default", holder): {"succeeded": 5}}
    assert sum((await sums(store))["run_hist"]) == 5


async def test_the_recorders_of_four_nodes_count_the_same_job_side_by_side(store, holder, migrated_url):
    nodes = [holder, *[await rows.node(store) for _ in range(3)]]
    held_by = {node: await held(store, node, 50) for node in nodes}
    await asyncio.gather(
        *(recorded(migrated_url, *(rows.ending(run, node) for run in runs)) for node, runs in held_by.items())
    )
    assert await counted(store) == {("job", "default", node): {"succeeded": 50} for node in nodes}
    assert await counted(store, "job") == {("job",): {"succeeded": 200}}
