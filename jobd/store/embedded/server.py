"""One start of Postgres, from the empty socket to the end of its process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jobd.errors import EmbeddedPostgresError
from jobd.store.embedded import configuration, databases, files, process, sockets
from jobd.store.embedded.account import Account, peers
from jobd.store.embedded.binaries import Binaries
from jobd.store.embedded.occupied import forget_stale, lock_file, vacated

log = logging.getLogger(__name__)

LOG = "postgres.log"

_LOG_BYTES = 10 * 1024 * 1024
_PROGRESS = 10.0
_LOOK = 0.02
_FAST, _IMMEDIATE = (
    60.0,
    10.0,
)  # a fast shutdown writes a checkpoint: give it time before leaving it to recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Everything that a start needs; the same for every start."""

    data: Path
    sockets: Path
    binaries: Binaries
    account: Account
    settings: Mapping[str, str]
    durable: bool

    @property
    def url(self) -> str:
        return sockets.url(self.sockets)

    async def start(self) -> Process:
        """A Postgres that answers, with database `jobd` in it; recovery may take as long as it needs.

        Raises:
            EmbeddedPostgresError: it ended instead; with what it said.
        """
        await vacated(self.data)
        forget_stale(self.sockets / f"{sockets.socket_file(self.sockets).name}.lock")
        configuration.write(self.data, self.sockets, self.account, peers(), self.settings, durable=self.durable)
        self.cap_log()
        before = files.size(self.data / LOG)
        running = await process.start(
            self.account, self.binaries.directory / "postgres",
            "-D", str(self.data), "-c", f"config_file={self.data / configuration.CONFIGURATION}",
            log=self.data / LOG,
        )  # fmt: skip
        try:
            await self._ready(running, before)
            await databases.ensure(self.url)
        except BaseException:
            await stop(running)
            raise
        return running

    def cap_log(self) -> None:
        """Keep the server's log and its predecessor under 10 MiB each."""
        files.cap(self.data, LOG, _LOG_BYTES, self.account)

    async def _ready(self, running: Process, before: int) -> None:
        began = told = time.monotonic()
        while (lock := lock_file(self.data)) is None or (lock.pid, lock.status) != (running.pid, "ready"):
            if running.returncode is not None:
                said = files.tail(self.data / LOG, min(files.size(self.data / LOG) - before, 2000)).strip()
                raise EmbeddedPostgresError(
                    f"Postgres did not start in {self.data} (status {running.returncode}); "
                    f"see {self.data / LOG}, which ends:\n{said}"
                )
            if time.monotonic() - told > _PROGRESS:
                told = time.monotonic()
                log.info(
                    "Postgres is recovering",
                    extra={"seconds": round(told - began), "log": str(self.data / LOG)},
                )
            await asyncio.sleep(_LOOK)


async def stop(running: Process) -> None:
    """End Postgres: sessions are cut and everything is written; in the worst case the next start recovers."""
    for number, patience in (
        (signal.SIGINT, _FAST),
        (signal.SIGQUIT, _IMMEDIATE),
        (signal.SIGKILL, _IMMEDIATE),
    ):
        if running.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.kill(running.pid, number)  # Process.send_signal would reap it under the loop's nose (until 3.12)
        try:
            async with asyncio.timeout(patience):
                await running.wait()
        except TimeoutError:
            log.warning("Postgres does not stop", extra={"signal": number.name, "seconds": patience})
