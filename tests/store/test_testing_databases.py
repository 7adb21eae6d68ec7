"""The databases that tests get are real, separate, and gone afterwards."""

from __future__ import annotations

import asyncpg
import pytest

from jobd.testing.postgres import fresh_database


async def test_a_fresh_database_is_empty_and_gone_afterwards_although_somebody_is_in_it(postgres_url):
    async with fresh_database(postgres_url) as url:
        guest = await asyncpg.connect(url)
        assert await guest.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(url)
    guest.terminate()


async def test_two_fresh_databases_do_not_see_each_other(postgres_url):
    async with fresh_database(postgres_url) as one, fresh_database(postgres_url) as other:
        connections = [await asyncpg.connect(url) for url in (one, other)]
        await connections[0].execute("create table mark (id int)")
        assert await connections[1].fetchval("select to_regclass('mark')") is None
        for connection in connections:
            await connection.close()


async def test_the_database_of_the_session_keeps_its_promises_about_durability(database_url):
    connection = await asyncpg.connect(database_url)
    assert [await connection.fetchval(f"show {name}") for name in ("fsync", "synchronous_commit")] == [
        "on",
        "on",
    ]
    await connection.close()
