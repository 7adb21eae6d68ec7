"""What every test may ask for: a real Postgres for the session, and a database on it."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from support.rows import emptied

from jobd.model.settings import AppSettings, DatabaseSettings
from jobd.store.migrate import migrate
from jobd.store.store import Store, open_store
from jobd.testing.postgres import fresh_database, postgres_server


def pytest_configure() -> None:
    """A suite that a script started with `&` ignores Ctrl-C, and so would each program that a test interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that take minutes run only where they are asked for (`-m soak`)."""
    if not config.option.markexpr:
        config.hook.pytest_deselected(items=[item for item in items if "soak" in item.keywords])
        items[:] = [item for item in items if "soak" not in item.keywords]


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


@pytest.fixture(scope="session")
async def migrated_url(postgres_url: str) -> AsyncIterator[str]:
    """A migrated database for all tests of the engine in this session; ask for `store` to find it empty."""
    async with fresh_database(postgres_url) as url:
        await migrate(url)
        yield url


@pytest.fixture(scope="session")
async def opened_store(migrated_url: str) -> AsyncIterator[Store]:
    """The store on `migrated_url`, opened once."""
    settings = DatabaseSettings(url=migrated_url, statement_timeout=timedelta(seconds=20))
    async with open_store(migrated_url, settings, AppSettings()) as store:
        yield store


@pytest.fixture
async def store(opened_store: Store) -> Store:
    """The store of the session on empty tables."""
    await emptied(opened_store.database)
    return opened_store
