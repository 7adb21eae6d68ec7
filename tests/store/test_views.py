"""What people are shown is what is so, and showing it stays cheap."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from serving import SmallDaemon, small_daemon

from jobd.errors import NotFound, StoreUnavailable
from jobd.model.reports import Count
from jobd.model.run import NewRun, Outcome, RunState
from jobd.model.schedule import Schedule
from jobd.store.reading import reading
from jobd.store.run_pages import RunFilter
from jobd.store.run_pages import sql as pages_sql
from jobd.store.run_rows import Cursor
from jobd.store.run_search import IN_ORDER
from jobd.store.schedules import write_spec
from jobd.testing.postgres import fresh_database


@pytest.fixture(scope="module")
async def viewed(postgres_url: str) -> AsyncIterator[SmallDaemon]:
    async with fresh_database(postgres_url) as url, small_daemon(url) as daemon:
        yield daemon


@pytest.fixture
async def daemon(viewed: SmallDaemon) -> SmallDaemon:
    await viewed.reset()
    return viewed


async def test_a_claimed_but_unstarted_run_is_shown_as_queued(daemon: SmallDaemon):
    claimed, started = await daemon.store.enqueue([NewRun(job="tidy"), NewRun(job="tidy")])
    await daemon.running(claimed, started=False)
    await daemon.running(started)
    assert (await daemon.views.runs.one(claimed)).state is RunState.QUEUED
    for state, expected in ((RunState.QUEUED, claimed), (RunState.RUNNING, started)):
        page = await daemon.views.runs.page(RunFilter(states=frozenset({state})))
        assert [(run.id, run.state) for run in page.runs] == [(expected, state)]
    counts = await daemon.views.counts()
    assert (counts.queued, counts.running) == (Count(count=1), 1)
    [queue] = await daemon.views.queues("default")
    assert (queue.queued, queue.running) == (Count(count=1), 1)


async def test_what_runs_has_been_busy_for_an_hour_at_the_most(daemon: SmallDaemon):
    for run, minutes in zip(await daemon.store.enqueue([NewRun(job="tidy")] * 3), (10, 20, 300), strict=True):
        await daemon.running(run)
        await daemon.database.execute(
            "update jobd.runs set started_at = now() - $2 * interval '1 minute' where id = $1", run, minutes
        )
    await daemon.running((await daemon.store.enqueue([NewRun(job="tidy")]))[0], started=False)
    [queue] = await daemon.views.queues("default")
    assert 90 * 60 <= queue.busy_seconds < 91 * 60
    [low] = await daemon.views.queues("low")
    assert low.busy_seconds == 0


async def test_the_oldest_of_a_queue_is_found_behind_more_urgent_ones(daemon: SmallDaemon):
    ids = await daemon.store.enqueue([NewRun(job="tidy", priority=p) for p in (0, -5, 50)])
    for run, minutes in zip(ids, (1, 2, 90), strict=True):
        await daemon.database.execute(
            "update jobd.runs set due_at = now() - $2 * interval '1 minute' where id = $1", run, minutes
        )
    [queue] = await daemon.views.queues("default")
    assert queue.queued == Count(count=3)
    assert queue.oldest_seconds is not None and 5400 <= queue.oldest_seconds < 5460


async def test_limited_blocked_and_suspect_runs_are_counted_once_each(daemon: SmallDaemon):
    ids = await daemon.store.enqueue([NewRun(job="tidy") for _ in range(6)])
    for run, change in zip(
        ids,
        (
            "limit_key = 'k'",
            "limit_key = 'k', blocked = true",
            "crashes = 1",
            "crashes = 1, limit_key = 'k'",
            "crashes = 1, limit_key = 'k', blocked = true",
            "state = 'scheduled'",
        ),
        strict=True,
    ):
        await daemon.database.execute(f"update jobd.runs set {change} where id = $1", run)
    [queue] = await daemon.views.queues("default")
    assert (queue.queued, queue.blocked, queue.scheduled) == (Count(count=5), Count(count=2), Count(count=1))
    counts = await daemon.views.counts()
    assert (counts.queued, counts.scheduled) == (Count(count=5), Count(count=1))


async def test_long_queues_are_counted_up_to_ten_thousand(daemon: SmallDaemon):
    await daemon.database.execute(
        "insert into jobd.runs (job, queue, source) select 'tidy', 'default', 'sql' from generate_series(1, 10005)"
    )
    assert str((await daemon.views.counts()).queued) == "10,000+"
    [queue] = await daemon.views.queues("default")
    assert queue.queued == Count(count=10_000, more=True)


async def test_long_arguments_stay_out_of_pages_and_are_named(daemon: SmallDaemon):
    short, repetitive, noisy = await daemon.store.enqueue(
        [
            NewRun(job="tidy", args={"note": "x"}),
            NewRun(job="tidy", args={"note": "x" * 50_000}),
            NewRun(job="tidy", args={"note": "".join(chr(33 + i * i * 7919 % 90) for i in range(9000))}),
        ]
    )
    await daemon.ended(noisy, result="y" * 50_000)
    runs = {run.id: run for run in (await daemon.views.runs.page()).runs}
    assert runs[short].args["note"] == "x" and runs[short].omitted == ()
    assert runs[repetitive].args == {} and runs[repetitive].omitted == ("args",)
    assert runs[noisy].omitted == ("args", "result")
    whole = await daemon.views.runs.one(noisy)
    assert len(whole.args["note"]) == 9000 and len(whole.result) == 50_000 and whole.omitted == ()


async def test_one_run_brings_its_attempts_and_messages(daemon: SmallDaemon):
    [run] = await daemon.store.enqueue([NewRun(job="mail")])
    await daemon.database.execute(
        "insert into jobd.attempts (run_id, attempt, finished_at, outcome, error) "
        "select $1, n, now(), 'failed', 'e' || n from generate_series(1, 3) n",
        run,
    )
    await daemon.database.execute(
        "insert into jobd.outbox (run_id, job, kind, sender, recipient, subject, message_id, text, state, finished_at) "
        "select $1, 'mail', 'k', 's', 'r', 's', 'm' || n, 't', case when n < 3 then 'sent' else 'pending' end, "
        "case when n < 3 then now() end from generate_series(1, 3) n",
        run,
    )
    shown = await daemon.views.runs.one(run)
    assert [(tried.attempt, tried.outcome, tried.error) for tried in shown.attempts] == [
        (n, Outcome.FAILED, f"e{n}") for n in (1, 2, 3)
    ]
    assert shown.mails == {"pending": 1, "sent": 2}
    with pytest.raises(NotFound, match="no run 4711"):
        await daemon.views.runs.one(4711)


async def test_schedules_and_jobs_tell_how_they_last_did(daemon: SmallDaemon):
    good, bad, now = await daemon.store.enqueue([NewRun(job="tidy") for _ in range(3)])
    await daemon.ended(good)
    await daemon.ended(bad, "failed")
    for name, last in (("first", bad), ("second", now), ("third", 4711)):
        await daemon.database.execute(
            "insert into jobd.schedules (name, owner, job, spec, next_slot, last_slot, last_run) "
            "values ($1, 'test', 'tidy', $3, now() + interval '1 hour', now(), $2)",
            name,
            last,
            write_spec(Schedule(name=name, job="tidy", every=timedelta(hours=1))),
        )
    states = {one.name: one.last and one.last.state for one in await daemon.views.schedules()}
    assert states == {"first": RunState.FAILED, "second": RunState.QUEUED, "third": None}
    assert {one.every_seconds for one in await daemon.views.schedules()} == {3600.0}
    jobs = {job.name: job for job in await daemon.views.jobs()}
    assert jobs["tidy"].last is not None and jobs["tidy"].last.id == bad
    assert jobs["tidy"].next_due is not None
    assert jobs["mail"].last is None and jobs["mail"].next_due is None


async def test_nodes_are_alive_silent_left_or_lost(daemon: SmallDaemon):
    for lease, lost, left in ((10, False, None), (-1, False, None), (-1, True, None), (0, True, "now()")):
        await daemon.database.execute(
            "insert into jobd.nodes (name, host, pid, home, version, workers, direct, lease_until, lost, left_at) "
            f"values ('n', 'h', 1, 'x', '1', 5, true, now() + $1 * interval '1 second', $2, {left or 'null'})",
            lease,
            lost,
        )
    nodes = await daemon.views.nodes()
    assert [(node.state, node.alive) for node in nodes] == [
        ("running", False),
        ("running", True),
        ("left", False),
        ("lost", False),
    ]


async def test_a_question_that_takes_too_long_is_given_up(daemon: SmallDaemon):
    with pytest.raises(StoreUnavailable, match="statement timeout"):
        async with reading(daemon.database) as connection:
            assert await connection.fetchval("show statement_timeout") == "2s"
            assert await connection.fetchval("show jit") == "off"
            await connection.execute("set local statement_timeout = '20ms'")
            await connection.execute("select pg_sleep(5)")
    assert await daemon.views.now()


async def test_a_question_can_change_nothing(daemon: SmallDaemon):
    [run] = await daemon.store.enqueue([NewRun(job="tidy")])
    with pytest.raises(StoreUnavailable, match="read-only transaction"):
        async with reading(daemon.database) as connection:
            await connection.execute("delete from jobd.runs")
    assert (await daemon.views.runs.one(run)).id == run


@pytest.mark.parametrize(
    ("states", "job", "index"),
    [
        (["failed"], None, "finished_at_id_idx1"),  # the one of trouble
        (["succeeded"], "rare", "job_finished_at_id_idx"),
        (["cancelled", "failed", "skipped", "succeeded"], None, "finished_at_id_idx"),
    ],
)
async def test_a_page_of_history_reads_an_index_and_stops(daemon: SmallDaemon, states, job, index):
    await daemon.database.execute(
        "insert into jobd.history (id, finished_at, created_at, due_at, attempt, priority, state, job, queue, source) "
        "select n, now() - n * interval '1 ms', now(), now(), 1, 0, "
        "case when n % 5000 = 0 then 'failed' else 'succeeded' end, "
        "case when n % 5000 = 1 then 'rare' else 'often' end, "
        "'default', 'sql' from generate_series(1, 20000) n"
    )
    await daemon.database.execute("analyze jobd.history")
    async with reading(daemon.database) as connection:
        plan = await connection.fetchval(
            f"explain (analyze, format json) {pages_sql.page}",
            Cursor().finished_at, Cursor().id, states, job, None, None, None, None, 3,
        )  # fmt: skip

    read = [one for one in scans(json.loads(plan)[0]["Plan"]) if one["Actual Loops"] and one["Actual Rows"]]
    assert read, "it has found runs"
    assert [one["Index Name"].split("_", 2)[2] for one in read] == [index]
    assert sum(one["Actual Rows"] + one.get("Rows Removed by Filter", 0) for one in read) <= 4


async def test_a_search_for_runs_by_id_reads_the_index_of_ids_alone(daemon: SmallDaemon):
    await daemon.database.execute(
        "insert into jobd.history (id, finished_at, created_at, due_at, attempt, priority, state, job, queue, source) "
        "select n, now() - n * interval '1 ms', now(), now(), 1, 0, 'succeeded', 'often', 'default', 'sql' "
        "from generate_series(1, 20000) n"
    )
    await daemon.database.execute("analyze jobd.history")
    async with reading(daemon.database) as connection:
        plan = await connection.fetchval(
            f"explain (analyze, format json) {IN_ORDER}",
            Cursor().finished_at, Cursor().id, [*RunState], *[None] * 16, 500, True, [19_000, 12],
        )  # fmt: skip
    read = [one for one in scans(json.loads(plan)[0]["Plan"]) if one["Actual Loops"] and one["Actual Rows"]]
    assert [one["Index Name"].split("_", 2)[2] for one in read] == ["id_idx"]
    assert sum(one["Actual Rows"] + one.get("Rows Removed by Filter", 0) for one in read) == 2


def scans(node: dict) -> list[dict]:
    """Each scan of a plan."""
    below = [found for child in node.get("Plans", ()) for found in scans(child)]
    return [node, *below] if "Index Name" in node or node["Node Type"] == "Seq Scan" else below


async def test_a_lost_connection_is_said_as_such_and_the_next_question_gets_another(daemon: SmallDaemon):
    with pytest.raises(StoreUnavailable):
        async with reading(daemon.database) as connection:
            await connection.execute("select pg_terminate_backend(pg_backend_pid())")
            await connection.fetchval("select 1")
    assert (await daemon.views.counts()).running == 0
