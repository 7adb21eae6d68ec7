"""What every test may ask for: a real Postgres for the session, and a database on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from jobd.testing.postgres import fresh_database, postgres_server


@pytest.fixture(scope="session")
async def postgres_url() -> AsyncIterator[str]:
    """A server for the whole session; tests create databases on it with `fresh_database(postgres_url)`."""
    async with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
async def database_url(postgres_url: str) -> AsyncIterator[str]:
    """One empty database for the session, shared by all tests that ask for it."""
    async with fresh_database(postgres_url) as url:
        yield url
