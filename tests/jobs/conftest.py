"""A database with the application's tables and jobd's own, as every business job finds it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

import asyncpg
import pytest

from jobd.store.migrate import migrate
from jobd.testing.postgres import fresh_database


@pytest.fixture(scope="module")
async def app_pool(postgres_url: str) -> AsyncIterator[Any]:
    """Connections to a database of the module's own."""
    async with fresh_database(postgres_url) as url:
        await migrate(url)
        async with asyncpg.create_pool(url, min_size=1, max_size=6) as pool:
            await pool.execute((files("jobd.jobs") / "schema.sql").read_text("utf-8"))
            # an application that shows its users through a view may have some without an address
            await pool.execute("alter table users alter column email drop not null")
            yield pool


@pytest.fixture
async def app(app_pool: Any) -> Any:
    """The same with two plans and nothing else."""
    await app_pool.execute(
        "truncate users, subscription_plans, user_subscriptions, payments, audit_trail,"
        " jobd.outbox, jobd.outbox_keys restart identity cascade"
    )
    await app_pool.execute("insert into subscription_plans (name, price) values ('Gold', 10), ('<b>Silver</b>', 5)")
    return app_pool
