"""jobd.runs_all, schedules_status and queues_status show an application what the API shows."""

from __future__ import annotations

import json
from datetime import timedelta

from support.rows import claimed, ending, finish, loaded, node
from test_sql_api import COMMAND, app

from jobd.model.job import Job
from jobd.model.schedule import Schedule

__all__ = ["app"]


async def test_all_runs_are_in_one_view_as_the_api_shows_them(app, store):
    for _ in range(3):
        await app.fetchval("select jobd.enqueue('job')")
    await app.fetchval("select jobd.enqueue('job', run_at => now() + interval '1 hour')")
    holder = await node(store)
    started, _ = await claimed(store, holder, 2)
    newest = "select max(id) from jobd.runs where node is not null"
    await app.execute(f"update jobd.runs set started_at = null where id = ({newest})")
    async with store.database.connection() as connection:
        await finish(connection, holder, ending(started, holder, result='{"n": 1}'))
    rows = await app.fetch("select * from jobd.runs_all order by id")
    assert [row["state"] for row in rows] == ["succeeded", "queued", "queued", "scheduled"]
    for row in rows:
        run = await store.views.runs.one(row["id"])
        for name in ("job", "queue", "state", "attempt", "source", "due_at", "started_at", "finished_at", "node"):
            assert row[name] == getattr(run, name), name
        assert json.loads(row["args"]) == run.args
        assert (None if row["result"] is None else json.loads(row["result"])) == run.result
    assert rows[0]["took"] is not None and rows[1]["took"] is None


async def test_what_any_daemon_redacts_is_masked_while_a_run_waits_works_and_after_it_ended(app, store):
    job, args = Job(name="job", command=COMMAND), '{"card": "4111", "user": {"iban": "EG38", "name": "Ada"}}'
    await loaded(store, job, redact=["args.card", "mail.text"])
    await store.jobs.load(
        "other", [], [], [], disabled={}, tzdata="1", redact=["args.*.iban", "result.rows.token", "progress"]
    )
    for _ in range(3):
        await app.fetchval("select jobd.enqueue('job', $1::text::jsonb)", args)
    holder = await node(store)
    one, two = await claimed(store, holder, 2)
    async with store.database.connection() as connection:
        await finish(connection, holder, ending(one, holder, result='{"rows": [{"token": "t", "n": 1}]}'))
    await app.execute("""update jobd.runs set progress = '{"text": "card 4111"}' where id = $1""", two.id)
    ended, works, waits = await app.fetch("select * from jobd.runs_all order by id")
    masked = {"card": "********", "user": {"iban": "********", "name": "Ada"}}
    assert [json.loads(row["args"]) for row in (ended, works, waits)] == [masked] * 3
    assert json.loads(ended["result"]) == {"rows": [{"token": "********", "n": 1}]}
    assert (json.loads(works["progress"]), waits["progress"], waits["result"]) == ("********", None, None)

    await loaded(store, job)
    await store.jobs.load("other", [], [], [], disabled={}, tzdata="1")
    shown = await app.fetchval("select args from jobd.runs_all where id = $1", ended["id"])
    assert json.loads(shown) == json.loads(args)


async def test_schedules_and_queues_show_what_the_api_shows(app, store):
    await loaded(
        store,
        Job(name="job", command=COMMAND),
        schedules=[
            Schedule(name="nightly", job="job", cron="0 3 * * *", timezone="Africa/Cairo"),
            Schedule(name="often", job="job", every=timedelta(minutes=5)),
        ],
    )
    await app.execute("update jobd.schedules set spec = 'broken' where name = 'often'")
    nightly, often = await app.fetch("select * from jobd.schedules_status order by name")
    (shown,) = await store.views.schedules("nightly")
    assert (nightly["cron"], nightly["timezone"], nightly["next_slot"]) == (shown.cron, shown.timezone, shown.next_slot)
    assert (often["cron"], often["every"], often["next_slot"] is not None) == (None, None, True)

    await app.fetch("select jobd.enqueue_many('job', array['{}', '{}', '{}']::jsonb[])")
    await app.fetchval("select jobd.enqueue('job', run_at => now() + interval '1 hour')")
    await claimed(store, await node(store))
    await app.execute("update jobd.queues set weight_override = 9 where name = 'default'")
    row = await app.fetchrow("select * from jobd.queues_status where name = 'default'")
    assert (row["queued"], row["running"], row["scheduled"], row["blocked"], row["weight"]) == (2, 1, 1, 0, 9)
    assert row["oldest_waits"].total_seconds() > 0
    assert await app.fetchval("select queued from jobd.queues_status where name = 'low'") == 0


async def test_every_column_of_the_views_that_needs_words_has_them_and_each_view_says_what_it_is(app):
    rows = await app.fetch(
        "select c.relname, obj_description(c.oid) as said, "
        "(select count(*) from pg_attribute a where attrelid = c.oid and col_description(c.oid, attnum) is not null) "
        "as columns from pg_class c where c.relnamespace = 'jobd'::regnamespace and c.relkind = 'v'"
    )
    assert {row["relname"] for row in rows} == {"runs_all", "schedules_status", "queues_status"}
    assert all(row["said"] and row["columns"] >= 5 for row in rows)
