"""jobctl as a process of its own, against a real socket over a real Postgres."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from serving import SmallDaemon, served, small_daemon

from jobd.testing.postgres import fresh_database

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return json.loads(self.err)["error"]


class Jobctl:
    """Runs `jobctl` with the socket of the test's daemon in its environment."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    async def __call__(self, *words: str, stdin: str | None = None, env: dict[str, str] | None = None) -> Ran:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jobd.jobctl.cli", *words, cwd=ROOT,
            env={**os.environ, "JOBD_SOCKET": str(self.socket), **(env or {})},
            stdin=asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(30):
            out, err = await process.communicate(stdin.encode() if stdin is not None else None)
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())


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
