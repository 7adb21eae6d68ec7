"""Instants and numbers that Postgres takes and a reader cannot: refused at the door, and mended where they got in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest
from support.rows import loaded

from jobd.model.filter import parse_filter
from jobd.model.job import Job
from jobd.model.privacy import Mask
from jobd.model.schedule import Schedule
from jobd.store.database import Database, open_database
from jobd.store.migrate import migrate
from jobd.store.run_pages import RunFilter
from jobd.store.schedules import write_spec
from jobd.store.views import Views
from jobd.testing.postgres import fresh_database

VERSION = 12
"""The migration that brought the bounds."""
SPEC = write_spec(Schedule(name="s", job="job", cron="0 0 * * *"))


@pytest.fixture
async def app(store, migrated_url) -> AsyncIterator[asyncpg.Connection]:
    """An application's connection to a database in which a daemon has loaded a job."""
    await loaded(store, Job(name="job", command=("true",)))
    connection = await asyncpg.connect(migrated_url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("run_at", ["timestamptz 'epoch'", "now() + interval '36525 days'"])
async def test_an_instant_just_within_reach_is_taken_and_can_be_read(app, store, run_at):
    wanted = await app.fetchrow(f"select {run_at} as at, jobd.enqueue('job', run_at => {run_at}) as id")
    assert (await store.views.runs.one(wanted["id"])).due_at == wanted["at"]


async def test_a_number_that_a_double_holds_is_the_same_when_it_is_read(app, store):
    large = f"-1{'7' * 308}.5"
    run = await app.fetchval("select jobd.enqueue('job', $1)", f'{{"n": [{large}], "text": "1{"0" * 400}.5"}}')
    assert (await store.views.runs.one(run)).args == {"n": [float(large)], "text": f"1{'0' * 400}.5"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("array['{}']::jsonb[], run_at => '20000-01-01'", "run_at 20000"),
        ("array['{}', jsonb_build_object('n', 1e400 + 0.5)]", r"args\[2\]: holds a number with a fraction"),
    ],
)
async def test_the_same_bounds_hold_for_many(app, more, words):
    with pytest.raises(asyncpg.InvalidParameterValueError, match=words):
        await app.fetch(f"select jobd.enqueue_many('job', {more})")
    assert await app.fetchval("select count(*) from jobd.runs_all") == 0


@pytest.mark.parametrize("table", ["runs", "queues", "schedules"])
async def test_no_row_can_hold_what_no_reader_can_show(app, store, table):
    await app.execute("insert into jobd.schedules (name, owner, job, spec) values ('s', 'x', 'job', '{}')")
    await app.fetchval("select jobd.enqueue('job')")
    column = "due_at" if table == "runs" else "paused_until"
    with pytest.raises(asyncpg.CheckViolationError, match="is_readable"):
        await app.execute(f"update jobd.{table} set {column} = '10000-01-01'")


@pytest.fixture
async def before(postgres_url: str) -> AsyncIterator[Database]:
    """A database as it was before the bounds, with rows beyond them."""
    async with fresh_database(postgres_url) as url:
        await migrate(url)
        async with open_database(url) as database:
            await database.execute(
                "alter table jobd.runs drop constraint due_at_is_readable;"
                "alter table jobd.queues drop constraint paused_until_is_readable;"
                "alter table jobd.schedules drop constraint paused_until_is_readable;"
                f"delete from jobd.migrations where version = {VERSION}"
            )
            for due in ("20000-01-01", "0044-03-15 BC", "infinity", "-infinity", "2030-01-01 UTC"):
                await database.execute(
                    f"insert into jobd.runs (job, queue, source, due_at) values ('job', 'default', 'x', '{due}');"
                    "insert into jobd.history (id, finished_at, created_at, due_at, attempt, priority, state, job, "
                    "queue, source) select nextval('jobd.run_ids'), now(), created_at, due_at, 1, 0, 'cancelled', job, "
                    f"queue, source from jobd.runs where due_at = '{due}'"
                )
            await database.execute(
                "insert into jobd.queues (name, owner, weight, paused_at, paused_until) "
                "values ('default', 'x', 1, now(), '10000-01-01 11:59:59+00');"
                "insert into jobd.schedules (name, owner, job, spec, paused_at, paused_until) "
                f"values ('s', 'x', 'job', '{SPEC}', now(), '10000-01-01 11:59:59+00')"
            )
            yield database


async def test_rows_from_before_the_bounds_can_be_read_again(before):
    await migrate(before.url)
    views, last = Views(before, Mask(())), datetime(9999, 12, 30, tzinfo=UTC)
    pages = [await views.runs.page(RunFilter(), limit=50), await views.search.page(parse_filter(""), limit=50)]
    for page in pages:
        for kept in (page.runs[:5], page.runs[5:]):
            assert sum(run.due_at == run.created_at for run in kept) == 2
            assert sorted(run.due_at for run in kept)[2:] == [datetime(2030, 1, 1, tzinfo=UTC), last, last]
    assert (await views.queues("default"))[0].paused_until == last
    assert (await views.schedules("s"))[0].paused_until == last
