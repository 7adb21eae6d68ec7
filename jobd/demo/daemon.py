"""The daemon itself, as `jobd run` would run it, for the length of a block."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from jobd import logs
from jobd.config import Config
from jobd.daemon import serve
from jobd.demo.client import Client, connected
from jobd.engine.context import bound_facts
from jobd.errors import JobdError
from jobd.stop import Stop


class DaemonEnded(JobdError):
    """The daemon stopped by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """A daemon that takes work, and a client of its socket."""

    client: Client
    life: asyncio.Task[None]

    @property
    def ended(self) -> bool:
        """True when it stopped by itself; leaving the block then raises why."""
        return self.life.done()


@asynccontextmanager
async def daemon(config: Config, stop: Stop) -> AsyncIterator[Daemon]:
    """A running daemon; leaving the block drains it.

    Raises:
        JobdError: it could not start, or it stopped by itself.
    """
    life = asyncio.create_task(serve(config, stop), name="demo daemon")
    try:
        async with connected(config.daemon.socket) as client:
            await _until_ready(client, life)
            yield Daemon(client=client, life=life)
    finally:
        by_itself = life.done()
        stop.asked.set()
        await asyncio.wait({life})
    life.result()
    if by_itself:
        raise DaemonEnded("the demo's daemon stopped by itself; run the demo with --keep and read its jobd.log")


async def _until_ready(client: Client, life: asyncio.Task[None]) -> None:
    ready = asyncio.create_task(client.until_ready())
    try:
        await asyncio.wait({life, ready}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ready.cancel()
    if life.done():
        life.result()
        raise DaemonEnded("the demo's daemon stopped before it took any work")
    ready.result()


def log_to(path: Path) -> None:
    """Send what the daemon logs to a file: the demo has its own words for people."""
    logs.set_up("info", "text", bound_facts)
    file = logging.FileHandler(path, encoding="utf-8")
    file.setFormatter(logs.TextFormatter(bound_facts))
    logging.getLogger().handlers[:] = [file]
