"""An upgrade of a database that has been worked on: nothing is lost, and what is new holds for what is old."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from support.rows import loaded
from support.schemas import migrated_before

from jobd.model.change import Actor, Line
from jobd.model.job import Job
from jobd.model.reload import Loaded
from jobd.model.run import RunState
from jobd.model.settings import AppSettings, DatabaseSettings
from jobd.store.migrate import migrate, migrations
from jobd.store.run_pages import RunFilter
from jobd.store.store import Store, open_store
from jobd.testing.postgres import fresh_database

FIRST = 12
"""Of the migrations of this upgrade."""
ROWS = """
insert into jobd.nodes (name, host, pid, home, version, workers, direct, lease_until)
values ('n', 'h', 1, 'home', '0', 1, false, now() + interval '1 hour');
insert into jobd.jobs (name, owner, queue, priority, retries) values ('job', 'test', 'default', 0, 0);
insert into jobd.queues (name, owner, weight, paused_at, paused_by, paused_until)
values ('default', 'test', 3, now(), 'uid:0', '2030-01-01 00:00+00');
select jobd.make_partitions(1);
insert into jobd.runs (job, queue, source, state, due_at, args) values
    ('job', 'default', 'api uid:0', 'queued', '2020-01-01 00:00+00', '{"card": "4111"}'),
    ('job', 'default', 'api uid:0', 'scheduled', '20000-01-01 00:00+00', null);
insert into jobd.runs (job, queue, source, state, node, attempt, claimed_at, started_at) values
    ('job', 'default', 'api uid:0', 'running', (select max(id) from jobd.nodes), 1, now(), now());
insert into jobd.history (id, finished_at, created_at, due_at, attempt, priority, state, job, queue, source, result)
values (nextval('jobd.run_ids'), now(), now(), '2020-01-01 00:00+00', 1, 0, 'failed', 'job', 'default', 'api uid:0',
    '{"kept": true}');
insert into jobd.audit (actor, uid, action, target, before, after) values
    ('uid:0', 0, 'queue.pause', 'default', '{"paused_at": null}', '{"paused_at": "2026-01-01T00:00:00+00:00"}');
insert into jobd.audit (actor, action, target) values ('signal', 'config.reload', 'test')
"""
UNTOUCHED = """
select jsonb_build_object(
    'runs', (select jsonb_agg(to_jsonb(r) order by id) from jobd.runs r where due_at < '2100-01-01'),
    'history', (select jsonb_agg(to_jsonb(h) order by id) from jobd.history h),
    'queues', (select jsonb_agg(to_jsonb(q)) from jobd.queues q),
    'audit', (select jsonb_agg(to_jsonb(a) order by id) from jobd.audit a))::text
"""


@pytest.fixture
async def upgraded(postgres_url: str) -> AsyncIterator[Store]:
    """A database of the jobd before, which was worked on until it was brought to this version."""
    async with fresh_database(postgres_url) as url:
        await migrated_before(url, FIRST)
        old = await asyncpg.connect(url)
        try:
            await old.execute(ROWS)
            before = await old.fetchval(UNTOUCHED)
            assert await migrate(url) == [one.name for one in migrations() if one.version >= FIRST]
            assert await old.fetchval(UNTOUCHED) == before
        finally:
            await old.close()
        async with open_store(url, DatabaseSettings(url=url), AppSettings()) as store:
            yield store


async def test_runs_and_the_journal_from_before_are_shown_and_a_run_of_them_can_be_cancelled_in_sql(upgraded):
    page = await upgraded.views.runs.page(RunFilter(), limit=10)
    assert sorted(run.state for run in page.runs) == [
        RunState.FAILED, RunState.QUEUED, RunState.RUNNING, RunState.SCHEDULED
    ]  # fmt: skip
    waits = await upgraded.database.fetchval("select id from jobd.runs where state = 'queued'")
    assert await upgraded.database.fetchval("select jobd.cancel($1, 'not needed')", waits) == "cancelled"
    lines = (await upgraded.views.audit.page()).entries
    assert [line.action for line in lines] == ["run.cancel", "config.reload", "queue.pause"]
    assert lines[0].actor.startswith("sql ") and lines[2].can_be_undone


async def test_the_first_load_after_the_upgrade_has_no_line_for_nobody_knows_what_was_loaded_before(upgraded):
    known: list[Loaded | None] = []

    def journal(before: Loaded | None) -> list[Line]:
        known.append(before)
        return []

    files = Loaded(digest="d", shown={"queues.default.weight": "3"})
    for _ in range(2):
        await loaded(upgraded, Job(name="job", command=("true",)), now_loaded=files, journal=journal)
    assert known == [None, files]


async def test_the_journal_still_takes_no_line_of_nobody(upgraded):
    waits = await upgraded.database.fetchval("select id from jobd.runs where state = 'queued'")
    with pytest.raises(asyncpg.CheckViolationError, match="audit_names_its_actor"):
        await upgraded.changes.cancel(waits, None, Actor(name="somebody"))
    assert (await upgraded.views.runs.one(waits)).state is RunState.QUEUED
