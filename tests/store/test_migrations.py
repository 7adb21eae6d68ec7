"""Migrations: once, in order, under a lock, and never over a schema that is not understood."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from jobd.errors import StoreRefused
from jobd.store.migrate import migrate, migrations, script
from jobd.testing.postgres import fresh_database

NAMES = [migration.name for migration in migrations()]


@pytest.fixture
async def url(postgres_url):
    async with fresh_database(postgres_url) as fresh:
        yield fresh


async def execute(url: str, sql: str):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


async def script_applied(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(script())
    finally:
        await connection.close()


async def test_of_three_daemons_that_start_at_once_on_an_empty_database_one_migrates(url):
    answers = await asyncio.gather(*(migrate(url) for _ in range(3)))
    assert sorted(answers) == [[], [], NAMES]
    assert await migrate(url) == []


async def test_a_newer_schema_is_refused_with_the_way_out(url):
    await migrate(url)
    await execute(url, "insert into jobd.migrations (version, name, checksum) values (9999, '9999_later.sql', 'x')")
    with pytest.raises(StoreRefused, match=r"migration 9999.*newer jobd.*install that version"):
        await migrate(url)


async def test_a_migration_applied_with_other_contents_is_refused_by_its_name(url):
    await migrate(url)
    await execute(url, "update jobd.migrations set checksum = 'other' where version = 1")
    with pytest.raises(StoreRefused, match=NAMES[0]):
        await migrate(url)


async def test_the_printed_script_makes_what_migrate_would_have_made(url):
    await script_applied(url)
    assert await migrate(url) == []
    assert [row["name"] for row in await execute(url, "select name from jobd.migrations order by version")] == NAMES


async def test_a_migration_that_fails_leaves_the_database_as_it_was(url):
    await execute(url, "create schema jobd")
    await execute(url, "create table jobd.runs (mine text)")
    with pytest.raises(asyncpg.DuplicateTableError):
        await migrate(url)
    (row,) = await execute(url, "select to_regclass('jobd.migrations') as ledger, to_regclass('jobd.nodes') as nodes")
    assert (row["ledger"], row["nodes"]) == (None, None)
