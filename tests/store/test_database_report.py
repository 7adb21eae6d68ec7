"""What people are told of the database: sizes by table, who holds vacuum back, and no more than a role may see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from support.rows import added, loaded

from jobd.store.database import open_database
from jobd.store.database_report import database_report
from jobd.store.store import Store


@asynccontextmanager
async def held(url: str) -> AsyncIterator[int]:
    """The pid of a session that has looked at the database and not ended its transaction."""
    holder: Any = await asyncpg.connect(url, server_settings={"application_name": "a report"})
    try:
        async with holder.transaction(isolation="repeatable_read"):
            await holder.fetchval("select 1")
            yield holder.get_server_pid()
    finally:
        await holder.close()


async def test_partitions_are_counted_with_their_table_and_the_largest_comes_first(store: Store):
    await loaded(store)
    for _ in range(3):
        await added(store)
    found = await database_report(store.database, pooler=True)
    tables = {table.name: table for table in found.tables}
    assert not [name for name in tables if name.startswith("history_")]
    assert tables["history"].partitions >= 14 and tables["runs"].partitions == 0
    assert [table.bytes for table in found.tables] == sorted((t.bytes for t in found.tables), reverse=True)
    assert found.pooler is True and found.version.split(".")[0].isdigit() and found.transaction_age >= 0


async def test_a_vacuum_and_what_it_cleared_are_told(store: Store):
    await loaded(store)
    await added(store)
    await store.database.execute("delete from jobd.runs")
    await store.database.execute("vacuum (analyze) jobd.runs")
    runs = next(table for table in (await database_report(store.database, None)).tables if table.name == "runs")
    assert runs.vacuumed_at is not None and runs.vacuumed_at.tzinfo is not None
    assert runs.live_rows == 0


async def test_whose_snapshot_is_the_oldest_is_told(store: Store, migrated_url: str):
    async with held(migrated_url) as pid:
        await loaded(store)  # what came after it cannot be vacuumed away
        snapshot = (await database_report(store.database, None)).oldest_snapshot
    assert snapshot is not None
    assert (snapshot.pid, snapshot.application, snapshot.state) == (pid, "a report", "idle in transaction")
    assert snapshot.seconds is not None and snapshot.seconds >= 0


async def test_a_plain_role_is_told_what_it_may_see_and_nothing_else(store: Store, migrated_url: str):
    await store.database.execute("create role jobd_plain")
    plain = f"{migrated_url}{'&' if '?' in migrated_url else '?'}role=jobd_plain"
    try:
        async with held(migrated_url) as pid, open_database(plain, connections=1) as database:
            await loaded(store)
            found = await database_report(database, None)
        assert found.oldest_snapshot is not None and found.oldest_snapshot.pid == pid
        assert (found.oldest_snapshot.state, found.oldest_snapshot.client) == (None, None)
        assert found.bytes > 0 and found.connections > 0
    finally:
        await store.database.execute("drop role jobd_plain")
