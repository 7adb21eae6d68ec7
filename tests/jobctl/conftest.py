"""jobctl as a process of its own, against a real socket over a real Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from jobctl_program import Jobctl
from serving import SmallDaemon, served, small_daemon

from jobd.testing.postgres import fresh_database


@pytest.fixture(scope="session")
async def jobctl_daemon(postgres_url: str) -> AsyncIterator[SmallDaemon]:
    async with fresh_database(postgres_url) as url, small_daemon(url) as daemon:
        yield daemon


@pytest.fixture(scope="session")
async def jobctl_socket(jobctl_daemon: SmallDaemon, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    path = tmp_path_factory.mktemp("jobctl") / "jobd.sock"
    async with served(jobctl_daemon, path):
        yield path


@pytest.fixture
async def daemon(jobctl_daemon: SmallDaemon) -> SmallDaemon:
    await jobctl_daemon.reset()
    return jobctl_daemon


@pytest.fixture
async def jobctl(daemon: SmallDaemon, jobctl_socket: Path) -> Jobctl:
    return Jobctl(jobctl_socket)
