"""jobd's own Postgres for as long as a block lasts: made when missing, started, started again, stopped."""

from __future__ import annotations

import asyncio
import logging
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from jobd.errors import EmbeddedPostgresError
from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import binaries, directory
from jobd.store.embedded.account import account_for
from jobd.store.embedded.place import data_directory
from jobd.store.embedded.server import Server, stop
from jobd.store.embedded.sockets import socket_directory

log = logging.getLogger(__name__)

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
_STEADY = 60.0  # a server that lived so long did not fall because of its start
_CAP_EVERY = 3600.0


@asynccontextmanager
async def embedded_postgres(
    settings: EmbeddedSettings, state_directory: Path, *, demo: bool = False, durable: bool = True
) -> AsyncIterator[EmbeddedPostgres]:
    """A running Postgres of our own; leaving the block stops it.

    It is a child of this process and dies with it, also on kill -9. The loop's thread has to live as long
    as the block, for Linux ties a child to the thread that started it. `demo` lets root run it as `nobody`,
    elsewhere if need be; without `durable` a crash of the machine loses the database.

    Raises:
        EmbeddedPostgresError: it cannot be started here; the message says what to do.
    """
    async with AsyncExitStack() as stack:
        try:
            account = account_for(settings, demo=demo)
            data = await stack.enter_async_context(data_directory(settings, state_directory, account, demo=demo))
            stack.enter_context(directory.locked(data))
            found = await binaries.found(settings, account, data.with_name(f".{data.name}.binaries"))
            await directory.prepare(data, found, account, durable=durable)
            sockets = socket_directory(data, account)
            server = Server(data=data, sockets=sockets, binaries=found, account=account,
                            settings=settings.settings, durable=durable)  # fmt: skip
            running = await server.start()
        except OSError as error:
            raise EmbeddedPostgresError(f"jobd's own Postgres cannot be started: {error}") from error
        postgres = EmbeddedPostgres(server, running)
        try:
            yield postgres
        finally:
            await postgres.close()
            if sockets != data:
                with suppress(OSError):
                    sockets.rmdir()


class EmbeddedPostgres:
    """A Postgres that is started again whenever it falls.

    Connections break when that happens: the store is unavailable for a while, as with any server.
    """

    def __init__(self, server: Server, running: Process) -> None:
        self._server = server
        self._running: Process | None = running
        self._fall: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.restarts = 0
        self.ready = asyncio.Event()
        """Set while the server serves; cleared from a fall to the end of recovery."""
        self.ready.set()
        self._keeper = asyncio.create_task(self._keep(running), name="embedded postgres")

    @property
    def url(self) -> str:
        """Stays the same over restarts. Holds no secret: the socket asks the kernel who we are."""
        return self._server.url

    @property
    def data(self) -> Path:
        return self._server.data

    @property
    def version(self) -> str:
        return self._server.binaries.version

    @property
    def pid(self) -> int | None:
        """The postmaster, or None between a fall and the next start."""
        return self._running.pid if self._running else None

    async def wait(self) -> int:
        """The exit status, when the postmaster next ends without having been told to (negative: the signal).

        It is started again without the caller's doing.
        """
        fall = self._fall
        watched: set[asyncio.Future[Any]] = {fall, self._keeper}
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        return fall.result() if fall.done() else self._broken()

    async def close(self) -> None:
        """Stop Postgres and the keeper; an error of the keeper itself comes out here."""
        self._keeper.cancel()
        try:
            await asyncio.wait({self._keeper})
        finally:
            self.ready.clear()
            self._fall.cancel()
            if self._running:
                await stop(self._running)
        if not self._keeper.cancelled():
            self._broken()

    def _broken(self) -> NoReturn:
        """The keeper ends only by being cancelled: anything else is a bug, and comes out here."""
        self._keeper.result()
        raise AssertionError("the keeper of Postgres returned")

    async def _keep(self, running: Process) -> None:
        delay = 0.0
        while True:
            began = time.monotonic()
            status = await self._ended(running)
            delay = 0.0 if time.monotonic() - began > _STEADY else delay
            log.warning("Postgres ended unexpectedly", extra={"status": status, "data": str(self.data)})
            running, delay = await self._again(delay)
            self.restarts += 1
            log.info("Postgres was started again", extra={"pid": running.pid, "restarts": self.restarts})

    async def _ended(self, running: Process) -> int:
        while running.returncode is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CAP_EVERY):
                    await running.wait()
            with suppress(OSError):  # a full disk is for Postgres to report
                self._server.cap_log()
        self._running = None
        self.ready.clear()
        fell, self._fall = self._fall, asyncio.get_running_loop().create_future()
        fell.set_result(running.returncode)
        return running.returncode

    async def _again(self, delay: float) -> tuple[Process, float]:
        """Start until it works, for ever: a full disk gets room again. Also gives the next fall's delay."""
        while True:
            await asyncio.sleep(delay)
            delay = min(max(2 * delay, _FIRST_DELAY), _LONGEST_DELAY)
            try:
                self._running = running = await self._server.start()
            except (EmbeddedPostgresError, OSError) as problem:
                log.error("Postgres does not start; trying again", extra={"error": str(problem), "seconds": delay})
            else:
                self.ready.set()
                return running, delay
