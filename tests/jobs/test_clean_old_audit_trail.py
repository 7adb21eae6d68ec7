"""clean-old-audit-trail on a real table."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from jobd.jobs.clean_old_audit_trail import clean_old_audit_trail, sql
from jobd.model.run import Items
from jobd.testing.context import TestContext


async def written(app, rows: int, *, days: int) -> None:
    """So many audit rows of about that age, some in the same instant."""
    await app.execute(
        "insert into audit_trail (entity_name, action, timestamp)"
        " select 'user', 'update', now() - make_interval(days => $2, secs => n / 3)"
        " from generate_series(1, $1) n",
        rows,
        days,
    )


async def left(app) -> int:
    return await app.fetchval("select count(*) from audit_trail")


async def test_only_rows_older_than_the_retention_are_deleted(app):
    await written(app, 25, days=91)
    await written(app, 10, days=89)
    ctx = TestContext(app)
    result = await clean_old_audit_trail(ctx, batch=10)
    assert (result["deleted"], result["skipped"], result["stopped"]) == (25, 0, False)
    assert await left(app) == 10
    assert ctx.items == Items(done=25)
    assert ctx.progressed[-1][:2] == (25, 25)
    assert ctx.slept == [timedelta(milliseconds=100)] * 2


async def test_retention_batch_and_pause_are_arguments(app):
    await written(app, 6, days=10)
    ctx = TestContext(app)
    assert (await clean_old_audit_trail(ctx, retention_days=5, batch=2, pause_ms=7))["deleted"] == 6
    assert set(ctx.slept) == {timedelta(milliseconds=7)}


async def test_a_cancelled_run_stops_after_its_batch_and_the_next_goes_on(app):
    await written(app, 30, days=100)
    ctx = TestContext(app)

    async def cancelled(pause: timedelta) -> None:
        ctx.cancelled = True

    ctx.sleep = cancelled
    result = await clean_old_audit_trail(ctx, batch=10)
    assert (result["deleted"], result["stopped"]) == (10, True)
    assert await left(app) == 20
    assert (await clean_old_audit_trail(TestContext(app), batch=10))["deleted"] == 20


async def test_a_locked_row_is_passed_by_and_not_waited_for(app):
    await written(app, 5, days=100)
    locked = await app.fetchval("select min(id) from audit_trail")
    async with app.acquire() as other, other.transaction():
        await other.execute("select from audit_trail where id = $1 for update", locked)
        async with asyncio.timeout(10):
            ctx = TestContext(app)
            result = await clean_old_audit_trail(ctx, batch=2)
    assert (result["deleted"], result["skipped"]) == (4, 1)
    assert ctx.items == Items(done=4, skipped=1)
    assert await app.fetchval("select array_agg(id) from audit_trail") == [locked]


async def test_two_runs_side_by_side_delete_each_row_once(app):
    await written(app, 200, days=100)
    results = await asyncio.gather(*(clean_old_audit_trail(TestContext(app), batch=9) for _ in range(3)))
    assert sum(result["deleted"] for result in results) == 200 - await left(app)
    results.append(await clean_old_audit_trail(TestContext(app)))
    assert sum(result["deleted"] for result in results) == 200


@pytest.mark.parametrize("wrong", [{"retention_days": 0}, {"retention_days": -5}, {"batch": 0}, {"pause_ms": -1}])
async def test_arguments_that_would_delete_everything_or_never_end_are_refused(app, wrong):
    await written(app, 1, days=100)
    with pytest.raises(ValueError):
        await clean_old_audit_trail(TestContext(app), **wrong)
    assert await left(app) == 1


async def test_a_batch_is_found_by_the_index_however_many_rows_there_are(app):
    await written(app, 20_000, days=10)
    await written(app, 5_000, days=100)
    await app.execute("analyze audit_trail")
    cutoff = await app.fetchval(sql.cutoff, 90)
    place = await app.fetchrow("select timestamp, id from audit_trail where timestamp < $1 order by id limit 1", cutoff)
    for last in ((None, None), (place["timestamp"], place["id"])):
        plan = await app.fetch(f"explain {sql.delete_batch}", cutoff, *last, 1000)
        lines = "\n".join(line[0] for line in plan)
        assert "audit_trail_timestamp" in lines, lines
        assert "Seq Scan on audit_trail" not in lines, lines
