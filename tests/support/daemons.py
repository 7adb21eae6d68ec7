"""`jobd run` as a process of its own: started, asked over its socket, killed, and its log read."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

import jobd
from support.jobs import OBSERVER_VARIABLE
from support.waiting import until

PATHS = os.pathsep.join([str(Path(jobd.__file__).parents[1]), str(Path(__file__).parents[1])])

TEXT = """
[daemon]
name = "life"
lease = "{lease}"
grace = "10s"
workers = 4
state_directory = "{directory}/state"
socket = "{directory}/jobd.sock"
[database]
url = "{url}"
[defaults]
retries = 3
retry_delay = "100ms"
[queues]
default = {{}}
[jobs.observed]
run = "support.jobs:observed"
[jobs.waits]
run = "support.jobs:waits"
[jobs.stubborn]
run = "support.jobs:stubborn"
{more}
"""


class Process:
    """One daemon with a state directory of its own; it can be started again in it."""

    def __init__(self, directory: Path, url: str, observer: str, more: str, lease: str) -> None:
        directory.mkdir(exist_ok=True)
        self.directory, self.socket = directory, directory / "jobd.sock"
        self.config, self.logfile = directory / "jobd.toml", directory / "log"
        self.config.write_text(TEXT.format(directory=directory, url=url, more=more, lease=lease))
        self.config.chmod(0o600)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "PYTHONPATH": PATHS,
            OBSERVER_VARIABLE: observer,
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *, ready: bool = True) -> None:
        """A new process; with `ready`, until its node has joined."""
        log = await asyncio.to_thread(self.logfile.open, "ab")
        with log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "jobd", "run", "--config", str(self.config), stdout=log, stderr=log,
                env=self.environment,
            )  # fmt: skip
        if ready:
            await until(self.joined, 20, "the start of the daemon")

    async def joined(self) -> bool:
        if self._process is not None and self._process.returncode is not None:
            raise AssertionError(f"the daemon ended with {self._process.returncode}:\n{self.log()}")
        try:
            return (await self.ask("status"))["health"]["node"] is not None
        except (OSError, aiohttp.ClientError, TimeoutError):
            return False

    async def ask(self, path: str, method: str = "GET", **body: Any) -> Any:
        """The answer of /v1/`path`."""
        timeout = aiohttp.ClientTimeout(total=5)
        connector = aiohttp.UnixConnector(path=str(self.socket))
        async with (
            aiohttp.ClientSession("http://jobd", connector=connector, timeout=timeout) as client,
            client.request(method, f"/v1/{path}", json=body if method != "GET" else None) as answer,
        ):
            return await answer.json()

    async def add(self, job: str, **args: Any) -> int:
        answer = await self.ask("runs", "POST", job=job, args=args)
        return answer["id"]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    async def ended(self, seconds: float) -> int:
        """Its exit status."""
        assert self._process is not None
        try:
            async with asyncio.timeout(seconds):
                return await self._process.wait()
        except TimeoutError:
            raise AssertionError(f"the daemon did not end within {seconds} s:\n{self.log()[-4000:]}") from None

    async def kill(self) -> None:
        """As a machine that loses its power."""
        self.signal(signal.SIGKILL)
        await self.ended(5)

    async def stop(self, seconds: float = 20) -> int:
        self.signal(signal.SIGTERM)
        return await self.ended(seconds)

    def log(self) -> str:
        return self.logfile.read_text("utf-8", "replace")

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            await self.kill()


@asynccontextmanager
async def processes(
    directory: Path, url: str, count: int = 1, more: str = "", *, observer: str | None = None, lease: str = "15s"
) -> AsyncIterator[list[Process]]:
    """So many daemons, not started yet; whatever still runs at the end is killed."""
    found = [Process(directory / f"daemon{number}", url, observer or url, more, lease) for number in range(count)]
    try:
        yield found
    finally:
        for one in found:
            await one.close()
