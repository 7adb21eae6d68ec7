"""A daemon under measurement: the real process, started as an operator starts it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.bench import Bench
from benchmarks.clock import VARIABLE
from benchmarks.figure import Broken
from benchmarks.meters import cpu_seconds, rss_mb

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 60.0
STOP_SECONDS = 60.0
LOOK_SECONDS = 0.02

TABLES = """
[jobs.noop]
run = "benchmarks.jobs:noop"
"""
"""What most figures run: one job in one queue, everything else as jobd ships it."""


@dataclass(slots=True)
class Daemon:
    """One daemon that is ready."""

    process: Process
    directory: Path

    @property
    def socket(self) -> Path:
        return self.directory / "jobd.sock"

    @property
    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)

    @property
    def rss_mb(self) -> float:
        return rss_mb(self.process.pid)

    def check(self) -> None:
        """Raises Broken, with its last words, when it has ended."""
        if self.process.returncode is not None:
            words = (self.directory / "log").read_text(errors="replace")[-2000:]
            raise Broken(f"the daemon ended with status {self.process.returncode}:\n{words}")


def configuration(url: str, directory: Path, tables: str, daemon: str, database: str) -> str:
    """The jobd.toml; `daemon` and `database` are further lines of these tables."""
    return f"""[daemon]
name = "benchmark"
state_directory = "{directory}/state"
socket = "{directory}/jobd.sock"
{daemon}
[database]
url = "{url}"
{database}
{tables}"""


@asynccontextmanager
async def running_daemon(
    bench: Bench, url: str, tables: str = TABLES, *, daemon: str = "", database: str = "", clock: Path | None = None
) -> AsyncIterator[Daemon]:
    """`python -m jobd run` on the database `url` for the length of the block, from when it is ready."""
    async with _started(bench.place(), url, tables, daemon, database, clock) as running:
        await _ready(running)
        yield running


@asynccontextmanager
async def running_daemons(bench: Bench, url: str, tables: str, count: int) -> AsyncIterator[list[Daemon]]:
    """So many of them at once."""
    async with AsyncExitStack() as stack:
        group = [
            await stack.enter_async_context(_started(bench.place(), url, tables, "", "", None)) for _ in range(count)
        ]
        for running in group:
            await _ready(running)
        yield group


@asynccontextmanager
async def _started(
    directory: Path, url: str, tables: str, daemon: str, database: str, clock: Path | None
) -> AsyncIterator[Daemon]:
    file = directory / "jobd.toml"
    file.write_text(configuration(url, directory, tables, daemon, database))
    file.chmod(0o600)
    with (directory / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jobd", "run", "--config", str(file),
            env=_environment(clock), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield Daemon(process, directory)
    finally:
        await _stopped(process)


def _environment(clock: Path | None) -> dict[str, str]:
    """Ours, without settings that would change what is measured."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JOBD_")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), environment.get("PYTHONPATH"))))
    return environment | ({VARIABLE: str(clock)} if clock else {})


async def _ready(daemon: Daemon) -> None:
    connector = aiohttp.UnixConnector(path=str(daemon.socket))
    async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession("http://jobd", connector=connector) as client:
        while True:
            daemon.check()
            try:
                async with client.get("/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass  # it does not listen yet
            await asyncio.sleep(LOOK_SECONDS)


async def _stopped(process: Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise Broken(f"the daemon did not stop within {STOP_SECONDS:g} s of SIGTERM") from None
