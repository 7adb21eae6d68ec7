"""enqueue_in and enqueue_many_in: the same over every driver, inside the caller's own transaction."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import asyncpg
import psycopg
import pytest
from psycopg.rows import dict_row
from support.rows import loaded

from jobd.client import ArgumentsRefused, Conflict, UnknownJob, UnknownQueue, enqueue_in, enqueue_many_in


class Rolled(Exception):
    """Leaves a transaction by its back door."""


class Session:
    """A connection in a transaction of its own, however its driver does that."""

    def __init__(self, connection: Any, call: Callable[..., Awaitable[Any]]) -> None:
        self.connection, self._call = connection, call

    async def enqueue(self, *args: Any, **more: Any) -> Any:
        return await self._call(enqueue_in, self.connection, *args, **more)

    async def enqueue_many(self, *args: Any, **more: Any) -> Any:
        return await self._call(enqueue_many_in, self.connection, *args, **more)


async def awaited(function: Any, *args: Any, **more: Any) -> Any:
    return await function(*args, **more)


@asynccontextmanager
async def over_asyncpg(url: str) -> AsyncIterator[Session]:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            yield Session(connection, awaited)
    finally:
        await connection.close()


@asynccontextmanager
async def over_asyncpg_with_its_own_codec(url: str) -> AsyncIterator[Session]:
    """As many applications set it, and from a pool."""

    async def prepare(connection: Any) -> None:
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")

    async with (
        asyncpg.create_pool(url, min_size=1, max_size=1, init=prepare) as pool,
        pool.acquire() as connection,
        connection.transaction(),
    ):
        yield Session(connection, awaited)


@asynccontextmanager
async def over_psycopg(url: str) -> AsyncIterator[Session]:
    with psycopg.connect(url) as connection:
        yield Session(connection, asyncio.to_thread)


@asynccontextmanager
async def over_psycopg_with_rows_as_dicts(url: str) -> AsyncIterator[Session]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        yield Session(connection, asyncio.to_thread)


@asynccontextmanager
async def over_async_psycopg(url: str) -> AsyncIterator[Session]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        yield Session(connection, awaited)


DRIVERS = [
    over_asyncpg,
    over_asyncpg_with_its_own_codec,
    over_psycopg,
    over_psycopg_with_rows_as_dicts,
    over_async_psycopg,
]


@pytest.fixture(params=DRIVERS, ids=lambda driver: driver.__name__)
def session(request: pytest.FixtureRequest, daemon: Any, client_url: str) -> Callable[[], Any]:
    """Opens a session on the database of the small daemon."""
    return lambda: request.param(client_url)


async def runs(daemon: Any) -> list[Any]:
    return await daemon.database.fetch("select * from jobd.runs order by id")


async def test_a_run_is_there_when_the_caller_has_committed_and_not_before(session, daemon):
    async with session() as tx:
        run = await tx.enqueue("tidy", note="é'%s$1", batch=3)
        assert await runs(daemon) == []
    (row,) = await runs(daemon)
    user = await daemon.database.fetchval("select session_user")
    assert (row["id"], row["job"], row["source"], row["state"]) == (run, "tidy", f"sql {user}", "queued")
    assert json.loads(row["args"]) == {"batch": 3, "note": "é'%s$1"}


async def test_a_transaction_that_rolls_back_leaves_no_run(session, daemon):
    with pytest.raises(Rolled):
        async with session() as tx:
            await tx.enqueue("tidy")
            await tx.enqueue_many("tidy", [{}, {}])
            raise Rolled
    assert await runs(daemon) == []


async def test_options_stand_beside_the_arguments(session, daemon):
    at = datetime(2030, 1, 1, tzinfo=UTC)
    async with session() as tx:
        first = await tx.enqueue("tidy", queue="low", priority=-3, at=at, key="once")
        assert await tx.enqueue("tidy", key="once") == first
        for delay in (timedelta(minutes=5), "5m", 300, 300.0):
            await tx.enqueue("tidy", delay=delay, notify=False)
    keyed, *others = await runs(daemon)
    assert (keyed["queue"], keyed["priority"], keyed["due_at"], keyed["state"]) == ("low", -3, at, "scheduled")
    assert [row["due_at"] - row["created_at"] for row in others] == [timedelta(minutes=5)] * 4


async def test_many_are_added_in_order_with_one_statement(session, daemon):
    async with session() as tx:
        ids = await tx.enqueue_many("backup", ({"n": n} for n in range(50)))
        assert await tx.enqueue_many("backup", []) == []
    added = [(row["id"], json.loads(row["args"])["n"]) for row in await runs(daemon)]
    assert added == list(zip(ids, range(50), strict=True))


@pytest.mark.parametrize(
    ("job", "more", "error", "words"),
    [
        ("tidi", {}, UnknownJob, 'there is no job "tidi"; jobctl jobs'),
        ("tidy", {"queue": "lo"}, UnknownQueue, 'there is no queue "lo"; jobctl queues'),
        ("tidy", {"priority": 101}, ArgumentsRefused, "priority 101"),
        ("tidy", {"note": "\x00"}, ArgumentsRefused, "NUL"),
        ("tidy", {"note": float("nan")}, ArgumentsRefused, "not a number"),
        ("tidy", {"at": datetime(2030, 1, 1)}, ValueError, "time zone"),  # noqa: DTZ001
        ("tidy", {"at": datetime.now(UTC), "delay": timedelta(1)}, ValueError, "exclude"),
        ("tidy", {"at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))}, ValueError, "a century from now"),
        ("tidy", {"delay": -5}, ValueError, "-5 is negative"),
        ("tidy", {"delay": timedelta(seconds=-5)}, ValueError, "is negative"),
        ("tidy", {"delay": "soon"}, ValueError, "'soon' is not a length of time"),
        ("tidy", {"delay": timedelta.max}, ValueError, "longer than a century"),
    ],
)
async def test_what_cannot_work_is_refused_alike_over_every_driver(session, daemon, job, more, error, words):
    with pytest.raises(error) as refused:
        async with session() as tx:
            await tx.enqueue(job, **more)
    assert words in str(refused.value)
    assert "CONTEXT" not in str(refused.value) and "HINT" not in str(refused.value)
    assert await runs(daemon) == []


async def test_a_job_that_is_disabled_is_a_conflict(session, daemon):
    disabled = "update jobd.jobs set enabled = false, disabled_reason = 'no table' where name = 'tidy'"
    await daemon.database.execute(disabled)
    with pytest.raises(Conflict, match="takes no runs: no table"):
        async with session() as tx:
            await tx.enqueue("tidy")


async def test_what_the_database_itself_says_is_left_to_the_caller(session, daemon):
    with pytest.raises((asyncpg.InFailedSQLTransactionError, psycopg.errors.InFailedSqlTransaction)):
        async with session() as tx:
            with pytest.raises(UnknownJob):
                await tx.enqueue("tidi")
            await tx.enqueue("tidy")


async def test_jobs_of_jobd_do_it_with_their_own_transaction(store, migrated_url):
    await loaded(store)
    async with store.job_db.transaction() as tx:
        run = await enqueue_in(tx, "job", note="from a job")
    assert await store.database.fetchval("select id from jobd.runs") == run
