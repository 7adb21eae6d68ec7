"""jobd.cancel on an application's own connection."""

from __future__ import annotations

from support.rows import claimed, ending, finish, node
from test_sql_api import app, heard

from jobd.store.listen import CONTROL

__all__ = ["app"]


async def test_a_waiting_run_is_cancelled_at_once_and_its_key_is_free(app):
    run = await app.fetchval("""select jobd.enqueue('once', '{"user": 1}')""")
    assert await app.fetchval("select jobd.cancel($1, 'not needed')", run) == "cancelled"
    row = await app.fetchrow("select state, reason, finished_at, started_at from jobd.runs_all where id = $1", run)
    assert (row["state"], row["reason"], row["started_at"]) == ("cancelled", "not needed", None)
    assert row["finished_at"] is not None
    assert await app.fetchval("""select jobd.enqueue('once', '{"user": 1}')""") != run


async def test_a_running_runs_node_is_asked(app, store, migrated_url):
    run = await app.fetchval("select jobd.enqueue('job')")
    holder = await node(store)
    await claimed(store, holder)
    assert await heard(migrated_url, CONTROL, f"select jobd.cancel({run})", app) == [f"cancel {holder}"]
    assert await app.fetchval("select jobd.cancel($1, 'again')", run) == "running"
    ((asked, _, reason),) = await store.runs.cancelled_here(holder)
    assert (asked, reason) == (run, f"cancelled by sql {await app.fetchval('select session_user')}")


async def test_a_cancel_stands_in_the_journal_under_its_role(app, store):
    waits, runs = [await app.fetchval("select jobd.enqueue('job')") for _ in range(2)]
    await store.database.execute(
        "update jobd.runs set state = 'running', node = 1, attempt = 1, claimed_at = now() where id = $1", runs
    )
    await app.execute("select jobd.cancel($1, 'not needed'), jobd.cancel($2), jobd.cancel(0)", waits, runs)
    assert await app.fetchval("select jobd.cancel($1)", waits) == "cancelled", "it has ended, and nothing changes"
    lines = await store.database.fetch(
        "select actor, action, target, reason, before ->> 'state', after ->> 'state' from jobd.audit order by id"
    )
    actor = f"sql {await app.fetchval('select session_user')}"
    assert [tuple(line) for line in lines] == [
        (actor, "run.cancel", str(waits), "not needed", "queued", "cancelled"),
        (actor, "run.cancel", str(runs), None, "running", "running"),
    ]


async def test_what_has_ended_stays_as_it_is_and_what_never_was_is_null(app, store):
    run = await app.fetchval("select jobd.enqueue('job')")
    holder = await node(store)
    (claim,) = await claimed(store, holder)
    async with store.database.connection() as connection:
        await finish(connection, holder, ending(claim, holder))
    assert await app.fetchval("select jobd.cancel($1)", run) == "succeeded"
    assert await app.fetchval("select jobd.cancel($1)", run + 1) is None
