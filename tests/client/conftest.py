"""The API on a real socket over a real Postgres, for clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from serving import SmallDaemon, served, small_daemon
from support.both import Both

from jobd.client import Client, SyncClient
from jobd.testing.postgres import fresh_database

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="session")
async def client_url(postgres_url: str) -> AsyncIterator[str]:
    async with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
async def client_daemon(client_url: str) -> AsyncIterator[SmallDaemon]:
    async with small_daemon(client_url) as daemon:
        yield daemon


@pytest.fixture(scope="session")
async def socket(client_daemon: SmallDaemon, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    path = tmp_path_factory.mktemp("client") / "jobd.sock"
    async with served(client_daemon, path):
        yield path


@pytest.fixture
async def daemon(client_daemon: SmallDaemon) -> SmallDaemon:
    await client_daemon.reset()
    return client_daemon


@pytest.fixture(params=["Client", "SyncClient"])
async def client(request: pytest.FixtureRequest, daemon: SmallDaemon, socket: Path) -> AsyncIterator[Both]:
    """Each of the two clients, called the same way."""
    if request.param == "SyncClient":
        yield Both(SyncClient(socket))
        return
    async with Client(socket) as one:
        yield Both(one)
