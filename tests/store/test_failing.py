"""What fails and will be tried again is found at once, however much else waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.rows import loaded
from test_claim_plan import indexes, plan_of

from jobd.store.stats import LOOKED_AT
from jobd.store.stats import sql as stats_sql
from jobd.store.views import Views
from jobd.store.views import sql as views_sql

LATER = """
insert into jobd.runs (job, queue, source, state, due_at)
select 'job', 'default', 'test', 'scheduled', now() + i * interval '1 s' from generate_series(1, 200000) i
"""
TRYING = """
insert into jobd.runs (job, queue, source, state, attempt, retries_left, due_at, created_at)
select 'job', 'default', 'test', 'scheduled', 1, 3, now() + i * interval '1 s', now() - interval '1 hour'
from generate_series(1, $1::integer) i
"""
TRIED = """
insert into jobd.attempts (run_id, attempt, finished_at, outcome, error)
select id, attempt, now(), 'failed', 'ValueError: number ' || id from jobd.runs where attempt > 0
"""
DAY = timedelta(days=1)


@pytest.fixture
async def much(store):
    """200,000 runs are due later; nobody has analysed the table."""
    await loaded(store)
    await store.database.execute("truncate jobd.runs")
    await store.database.execute(LATER)
    yield store
    await store.database.execute("truncate jobd.runs")
    await store.database.execute("analyze jobd.runs")


async def test_many_failing_runs_are_one_group_among_200_000_that_are_due_later(much):
    await much.database.execute(TRYING, LOOKED_AT + 10)
    await much.database.execute(TRIED)
    views = Views(much.database)
    found = await views.stats.failed(DAY)  # within the two seconds of a reading
    (group,) = found.groups
    assert group.retrying and found.more
    assert (group.count, group.error_class, group.filter) == (
        LOOKED_AT, "ValueError", 'state:retrying job:job error:"ValueError" since:2d',
    )  # fmt: skip
    counts = await views.counts()
    assert (counts.retrying.count, counts.retrying.more) == (LOOKED_AT + 10, False)


async def test_what_is_tried_again_is_read_from_its_own_index(much):
    await much.database.execute(TRYING, 100)
    await much.database.execute(TRIED)
    async with much.database.connection() as connection:
        plan = await plan_of(connection, stats_sql.failed, DAY, LOOKED_AT, "retrying")
        assert "runs_retrying" in indexes(plan) and "seq" not in indexes(plan)
        assert not any(name.startswith("history") for name in indexes(plan)), "it was not asked about what has ended"
        assert "runs_retrying" in indexes(await plan_of(connection, views_sql.counts))
