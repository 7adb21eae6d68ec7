"""The API on a real socket over a real Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from serving import SmallDaemon, served, small_daemon

from jobd.testing.postgres import fresh_database


@pytest.fixture(scope="session")
async def api_daemon(postgres_url: str) -> AsyncIterator[SmallDaemon]:
    async with fresh_database(postgres_url) as url, small_daemon(url) as daemon:
        yield daemon


@pytest.fixture(scope="session")
def api_socket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("api") / "jobd.sock"


@pytest.fixture(scope="session")
async def api_client(api_daemon: SmallDaemon, api_socket: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with served(api_daemon, api_socket) as client:
        yield client


@pytest.fixture
async def daemon(api_daemon: SmallDaemon) -> SmallDaemon:
    await api_daemon.reset()
    return api_daemon


@pytest.fixture
async def client(daemon: SmallDaemon, api_client: aiohttp.ClientSession) -> aiohttp.ClientSession:
    return api_client
