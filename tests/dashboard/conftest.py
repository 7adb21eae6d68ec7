"""The dashboard of a real socket over a real Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from serving import SmallDaemon, served, small_daemon

from jobd.model.roles import Role
from jobd.testing.postgres import fresh_database


@pytest.fixture(scope="session")
async def dash_daemon(postgres_url: str) -> AsyncIterator[SmallDaemon]:
    async with fresh_database(postgres_url) as url, small_daemon(url) as daemon:
        yield daemon


@pytest.fixture(scope="session")
async def dash_sockets(
    dash_daemon: SmallDaemon, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Path, Path]]:
    """One where everybody is admin, one where everybody may only look."""
    places = tmp_path_factory.mktemp("dash")
    async with (
        served(dash_daemon, places / "jobd.sock"),
        served(dash_daemon, places / "viewer.sock", role_of=lambda uid, gid: Role.VIEWER),
    ):
        yield places / "jobd.sock", places / "viewer.sock"


@pytest.fixture
async def daemon(dash_daemon: SmallDaemon) -> SmallDaemon:
    await dash_daemon.reset()
    return dash_daemon


@pytest.fixture
async def socket(daemon: SmallDaemon, dash_sockets: tuple[Path, Path]) -> Path:
    return dash_sockets[0]


@pytest.fixture
async def viewer_socket(daemon: SmallDaemon, dash_sockets: tuple[Path, Path]) -> Path:
    return dash_sockets[1]
