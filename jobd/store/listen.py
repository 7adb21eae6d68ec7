"""Notifications: a connection of its own that proves itself by an echo every few seconds. Polling is always the floor.

A half-open LISTEN connection looks healthy for ever, and behind a transaction pooler nothing is delivered although
everything is granted; only an echo tells.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from jobd.errors import StoreUnavailable
from jobd.statements import statements
from jobd.store.database import Database, close, connect
from jobd.store.outages import outages

log = logging.getLogger(__name__)

sql = statements("jobd.store.sql", "notify")

ECHO_EVERY_SECONDS = 10.0
ECHO_WITHIN_SECONDS = 5.0
POOLED_AFTER = 3
"""Echoes lost in a row on fresh connections: nothing will ever arrive here, so jobd polls and says so."""

QUEUE = "jobd_queue"  # payload: the queue's name
CONTROL = "jobd_control"  # payload: "cancel NODE", "ended", "changed", "echo NONCE"


class Listener:
    """Hears what other nodes and applications say. `heard(channel, payload)` runs on the loop, and must be quick."""

    def __init__(self, database: Database, heard: Callable[[str, str], None], reconnected: Callable[[], None]) -> None:
        self._database = database
        self._heard = heard
        self._reconnected = reconnected
        self._echo: asyncio.Event = asyncio.Event()
        self._nonce = ""
        self._silent = 0
        self.proven = False
        """The last echo arrived in time."""

    @property
    def pooled(self) -> bool:
        """True when notifications do not get through at all: jobd polls."""
        return self._silent >= POOLED_AFTER

    async def round(self) -> None:
        """Listen on one connection until it fails its echo.

        Raises:
            StoreUnavailable: the connection could not be made, or was lost.
        """
        connection = await connect(
            self._database.url, application="jobd listen", statement_timeout=timedelta(seconds=5)
        )
        try:
            with outages:
                await connection.add_listener(QUEUE, self._receive)
                await connection.add_listener(CONTROL, self._receive)
            self._reconnected()
            while await self._echoes():
                self._silent = 0
                await asyncio.sleep(ECHO_EVERY_SECONDS)
            self._silent += 1
            if self._silent == POOLED_AFTER:
                log.warning("notifications do not arrive; polling only (a transaction pooler in between?)")
        finally:
            self.proven = False
            connection.terminate() if not self._echo.is_set() else await close(connection)
        if self.pooled:
            await asyncio.sleep(60)
        raise StoreUnavailable("the listening connection went silent")

    async def _echoes(self) -> bool:
        self._nonce = secrets.token_hex(8)
        self._echo.clear()
        await self._database.execute(sql.echo, f"echo {self._nonce}")
        try:
            async with asyncio.timeout(ECHO_WITHIN_SECONDS):
                await self._echo.wait()
        except TimeoutError:
            self.proven = False
            return False
        self.proven = True
        return True

    def _receive(self, _connection: Any, _pid: int, channel: str, payload: str) -> None:
        if channel == CONTROL and payload.startswith("echo "):
            if payload[5:] == self._nonce:
                self._echo.set()
            return
        self._heard(channel, payload)


class Announcer:
    """Says to the other nodes what happened, after the fact and coalesced; a lost word costs one poll, never a run."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queues: set[str] = set()
        self._words: set[str] = set()
        self.wake = asyncio.Event()
        self.company = False
        """Other nodes are alive: with nobody to hear it nothing is said."""

    def queued(self, queue: str) -> None:
        if self.company:
            self._queues.add(queue)
            self.wake.set()

    def say(self, word: str) -> None:
        if self.company:
            self._words.add(word)
            self.wake.set()

    async def round(self) -> None:
        """Send what has come together since the last round, in one statement."""
        queues, self._queues = self._queues, set()
        words, self._words = self._words, set()
        await self._database.execute(
            sql.announce, [QUEUE] * len(queues) + [CONTROL] * len(words), [*queues, *words]
        )
