"""jobd.enqueue and jobd.enqueue_many on an application's own connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from support.rows import loaded

from jobd.model.job import Concurrency, Job, Unique
from jobd.store.listen import QUEUE

COMMAND = ("true",)
HOSTILE = 'x"; drop table jobd.runs; --'


@pytest.fixture
async def app(store, migrated_url) -> AsyncIterator[asyncpg.Connection]:
    """An application's connection to a database in which a daemon has loaded its jobs."""
    await loaded(
        store,
        Job(name="job", command=COMMAND, args={"batch": 50}, priority=5),
        Job(name="once", command=COMMAND, unique=Unique(key=("user",))),
        Job(name="narrow", command=COMMAND, concurrency=Concurrency(key="user", max=1)),
        Job(name="off", command=COMMAND, enabled=False),
    )
    connection = await asyncpg.connect(migrated_url)
    try:
        yield connection
    finally:
        await connection.close()


async def only_run(connection: asyncpg.Connection) -> Any:
    (row,) = await connection.fetch("select * from jobd.runs")
    return row


async def count(connection: asyncpg.Connection) -> int:
    return await connection.fetchval("select count(*) from jobd.runs_all")


async def heard(url: str, channel: str, statement: str, connection: asyncpg.Connection) -> list[str]:
    """What a listener is told of one statement; a word of our own, sent after it, says that all has arrived."""
    listener = await asyncpg.connect(url)
    words: asyncio.Queue[str] = asyncio.Queue()
    try:
        await listener.add_listener(channel, lambda *heard: words.put_nowait(heard[3]))
        await connection.execute(statement)
        await connection.execute("select pg_notify($1, 'that is all')", channel)
        found = []
        async with asyncio.timeout(10):
            while (word := await words.get()) != "that is all":
                found.append(word)
        return found
    finally:
        await listener.close()


async def test_a_run_has_what_its_job_says_and_who_asked(app):
    run = await app.fetchval("""select jobd.enqueue('job', '{"note": "x"}')""")
    row = await only_run(app)
    user = await app.fetchval("select session_user")
    assert (row["id"], row["job"], row["queue"], row["priority"]) == (run, "job", "default", 5)
    assert (row["state"], row["retries_left"], row["source"]) == ("queued", 3, f"sql {user}")
    assert json.loads(row["args"]) == {"batch": 50, "note": "x"}


async def test_what_the_caller_says_goes_before_the_job(app):
    await app.fetchval(
        """select jobd.enqueue('job', '{"batch": 1}', queue => 'low', priority => -3,
        run_at => now() + interval '1 hour')"""
    )
    row = await only_run(app)
    assert (row["queue"], row["priority"], row["state"]) == ("low", -3, "scheduled")
    assert json.loads(row["args"]) == {"batch": 1}


async def test_a_limit_is_found_in_the_arguments(app):
    await app.fetchval("""select jobd.enqueue('narrow', '{"user": 7}')""")
    await app.fetch("""select jobd.enqueue_many('narrow', array['{"user": 8}', '{}']::jsonb[])""")
    rows = await app.fetch("select limit_key from jobd.runs order by id")
    assert [row["limit_key"] for row in rows] == ["narrow:7", "narrow:8", "narrow:"]


async def test_a_transaction_that_rolls_back_leaves_no_run_and_says_nothing(app, migrated_url):
    assert await heard(migrated_url, QUEUE, "begin; select jobd.enqueue('job'); rollback", app) == []
    assert await count(app) == 0


async def test_a_run_is_not_to_be_seen_before_its_commit(app, store):
    async with app.transaction():
        await app.fetchval("select jobd.enqueue('job')")
        assert await store.database.fetchval("select count(*) from jobd.runs") == 0
    assert await store.database.fetchval("select count(*) from jobd.runs") == 1


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("select jobd.enqueue('job')", ["default"]),
        ("select jobd.enqueue('job', queue => 'low')", ["low"]),
        ("select jobd.enqueue('job', run_at => now() + interval '1 hour')", [""]),
        ("select jobd.enqueue('job', notify => false)", []),
        ("select jobd.enqueue('job', idempotency_key => 'a') from generate_series(1, 2)", ["default"]),
        ("select jobd.enqueue_many('job', array['{}', '{}', '{}']::jsonb[])", ["default"]),
        ("select jobd.enqueue_many('job', array['{}']::jsonb[], notify => false)", []),
        ("select jobd.enqueue_many('job', '{}')", []),
    ],
)
async def test_daemons_are_told_of_the_queue_once_or_not_at_all_when_asked(app, migrated_url, statement, words):
    assert await heard(migrated_url, QUEUE, statement, app) == words


async def test_a_key_given_again_answers_with_the_first_run(app):
    first = await app.fetchval("select jobd.enqueue('job', idempotency_key => 'order-7')")
    assert await app.fetchval("select jobd.enqueue('job', idempotency_key => 'order-7')") == first
    assert await app.fetchval("select jobd.enqueue('once', idempotency_key => 'order-7')") != first
    assert await count(app) == 2


async def test_a_unique_job_stands_once_for_the_same_thing_also_among_many(app):
    first = await app.fetchval("""select jobd.enqueue('once', '{"user": 1}')""")
    rows = await app.fetch(
        "select jobd.enqueue_many('once', $1) as id", ['{"user": 2}', '{"user": 1, "x": 0}', '{"user": 2}']
    )
    ids = [row["id"] for row in rows]
    assert ids == [ids[0], first, ids[0]] and ids[0] != first


async def test_a_key_of_a_rolled_back_transaction_is_free_again(app):
    await app.execute("begin; select jobd.enqueue('job', idempotency_key => 'order-7'); rollback")
    assert await app.fetchval("select jobd.enqueue('job', idempotency_key => 'order-7')") is not None
    assert await count(app) == 1


async def test_ids_of_many_come_in_the_order_of_their_arguments(app):
    rows = await app.fetch(
        "select jobd.enqueue_many('job', array(select jsonb_build_object('n', n) from generate_series(1, 500) n)) as id"
    )
    stored = {row["id"]: row["n"] for row in await app.fetch("select id, (args ->> 'n')::int as n from jobd.runs")}
    assert [stored[row["id"]] for row in rows] == list(range(1, 501))


REFUSED = [
    ("'jab'", asyncpg.UndefinedObjectError, 'there is no job "jab"', "jobctl jobs"),
    ("null", asyncpg.UndefinedObjectError, "there is no job", "jobctl jobs"),
    (f"'{HOSTILE}'", asyncpg.UndefinedObjectError, HOSTILE, "jobctl jobs"),
    ("'off'", asyncpg.ObjectNotInPrerequisiteStateError, "disabled in the configuration", "jobctl jobs"),
    (f"'job', queue => '{HOSTILE}'", asyncpg.UndefinedObjectError, HOSTILE, "jobctl queues"),
    ("'job', priority => 101", asyncpg.InvalidParameterValueError, "priority 101", "Smaller"),
    ("'job', run_at => 'infinity'", asyncpg.InvalidParameterValueError, "never comes", "now"),
    ("'job', run_at => '20000-01-01'", asyncpg.InvalidParameterValueError, "20000-01-01 00:00:00+00 is", "now"),
    ("'job', run_at => '0044-03-15 BC'", asyncpg.InvalidParameterValueError, "BC is not between 1970", "now"),
    ("'job', run_at => now() + interval '101 y'", asyncpg.InvalidParameterValueError, "a century from now", "now"),
    ("'job', '[]'", asyncpg.InvalidParameterValueError, "args: must be an object, and is array", "object"),
    ("'job', '3'", asyncpg.InvalidParameterValueError, "and is number", "object"),
    ("'job', jsonb_build_object('x', repeat('y', 1048577))", asyncpg.InvalidParameterValueError, "1048576", "1 MiB"),
    (
        """'job', ('{"a":' || repeat('[', 101) || repeat(']', 101) || '}')::jsonb""",
        asyncpg.InvalidParameterValueError,
        "nested deeper than 100",
        "elsewhere",
    ),
    ("""'job', '{"n": 1e4300}'""", asyncpg.InvalidParameterValueError, "4300 digits", "elsewhere"),
    ("""'job', jsonb_build_object('n', 1e400 + 0.5)""", asyncpg.InvalidParameterValueError, "a double", "elsewhere"),
    ("""'job', jsonb_build_object('n', array[-1e400 - 0.0])""", asyncpg.InvalidParameterValueError, "a double", "else"),
    ("'job', idempotency_key => ''", asyncpg.InvalidParameterValueError, "idempotency_key has 0", "1 to 200"),
    ("'job', idempotency_key => repeat('k', 201)", asyncpg.InvalidParameterValueError, "has 201", "1 to 200"),
]


@pytest.mark.parametrize(("given", "kind", "words", "hint"), REFUSED)
async def test_what_cannot_work_is_refused_with_the_reason_and_a_hint(app, given, kind, words, hint):
    with pytest.raises(kind) as refused:
        await app.fetchval(f"select jobd.enqueue({given})")
    assert words in refused.value.message
    assert hint in refused.value.hint
    assert await count(app) == 0


@pytest.mark.parametrize("args", ['{"n": 1e4299}', f'{{"n": 0.{"0" * 5000}1}}', f'{{"a": {"[" * 100}{"]" * 100}}}'])
async def test_what_is_just_within_the_bounds_is_taken_and_can_be_read(app, store, args):
    run = await app.fetchval("select jobd.enqueue('job', $1)", args)
    assert (await store.views.runs.one(run)).args["batch"] == 50


async def test_one_bad_element_adds_nothing_and_is_named(app):
    with pytest.raises(asyncpg.InvalidParameterValueError, match=r"args\[2\]: must be an object"):
        await app.fetch("select jobd.enqueue_many('job', array['{}', '[]', '{}']::jsonb[])")
    assert await count(app) == 0


async def test_names_are_data_however_they_look(app, store):
    """As `[jobs]` and `[queues]` could not even name them."""
    job = "insert into jobd.jobs (name, owner, queue, priority, retries) values ($1, 'x', $1, 0, 0)"
    await app.execute(job, HOSTILE)
    await app.execute("insert into jobd.queues (name, owner, weight) values ($1, 'x', 1)", HOSTILE)
    run = await app.fetchval("select jobd.enqueue($1, queue => $1)", HOSTILE)
    assert (await store.views.runs.one(run)).queue == HOSTILE


async def test_a_callers_own_functions_and_tables_are_never_used_instead(app):
    """Security definer: whoever could put a name in front would act as the owner."""
    await app.execute("create schema evil")
    try:
        await app.execute(
            "create function evil.isfinite(timestamptz) returns bool language plpgsql as 'begin raise ''caught''; end';"
            "create function evil.jsonb_typeof(jsonb) returns text language plpgsql as 'begin raise ''caught''; end';"
            "create temp table jobs (name text); create temp table runs (id bigint);"
            "set search_path = evil, pg_temp, pg_catalog, jobd"
        )
        assert await app.fetchval("select jobd.enqueue('job', run_at => now())") is not None
    finally:
        await app.execute("drop schema evil cascade")


async def test_every_function_that_acts_as_its_owner_says_where_it_looks(app):
    rows = await app.fetch(
        "select proname, proconfig from pg_proc where pronamespace = 'jobd'::regnamespace and prosecdef"
    )
    assert {"enqueue", "enqueue_many", "cancel", "make_partitions"} <= {row["proname"] for row in rows}
    for row in rows:
        assert [setting for setting in row["proconfig"] or [] if setting.startswith("search_path=")], row["proname"]
