"""Where figures are taken: one durable Postgres for all of them, and empty tables for each measurement."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from benchmarks.figure import Broken, Sizes
from jobd.model.settings import EmbeddedSettings
from jobd.statements import statements
from jobd.store.embedded import databases, embedded_postgres
from jobd.store.migrate import migrate
from jobd.testing.postgres import fresh_database

sql = statements("benchmarks", "ground")

# Everything else as jobd runs it. Commit times (10 bytes a transaction, for jobd and floor alike) tell when a slot
# was committed.
SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.max": "10000",
    "track_commit_timestamp": "on",
    "max_connections": "200",
}
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")

Prepare = Callable[[Any], Awaitable[None]]


@dataclass(slots=True)
class Ground:
    """A migrated database."""

    url: str
    observer: Any
    """A plain connection that only looks on, and adds what is to be measured."""
    admin: Any

    async def statements(self) -> int:
        """Statements that jobd has sent here so far."""
        name = urlsplit(self.url).path.lstrip("/")
        return int(await self.admin.fetchval(sql.statements, name, [sql.newest, sql.succeeded]))

    async def succeeded(self) -> int:
        return int(await self.observer.fetchval(sql.succeeded))

    async def settled(self) -> None:
        """Write everything out, so that each measurement begins with the same debts: none."""
        await self.admin.execute("checkpoint")


@dataclass(slots=True)
class Bench:
    """What every measurement gets."""

    server: str
    version: str
    admin: Any
    """A connection to another database of the server, for what must not disturb the measured one."""
    directory: Path
    sizes: Sizes
    stack: AsyncExitStack
    _kept: dict[str, Ground] = field(default_factory=dict)
    _places: int = 0

    def place(self) -> Path:
        """A new directory."""
        self._places += 1
        place = self.directory / str(self._places)
        place.mkdir()
        return place

    async def ground(self) -> Ground:
        """The database of most figures, with empty tables: truncated ones have new files and no statistics."""
        ground = await self.kept("empty")
        await ground.observer.execute(sql.empty)
        return ground

    async def kept(self, name: str, prepare: Prepare | None = None) -> Ground:
        """A database that others find again as they left it, because preparing it takes long."""
        if name not in self._kept:
            self._kept[name] = ground = await self.stack.enter_async_context(self._made())
            if prepare is not None:
                await prepare(ground.observer)
        return self._kept[name]

    @asynccontextmanager
    async def _made(self) -> AsyncIterator[Ground]:
        async with fresh_database(self.server) as url:
            await migrate(url)
            observer = await asyncpg.connect(url)
            try:
                yield Ground(url, observer, self.admin)
            finally:
                await observer.close()


@asynccontextmanager
async def opened(directory: Path, sizes: Sizes) -> AsyncIterator[Bench]:
    """The bench with its server, under `directory`.

    Raises:
        Broken: the server is not durable; its figures would be of something else.
    """
    settings = EmbeddedSettings(settings=SETTINGS)
    async with embedded_postgres(settings, directory, demo=True) as postgres:
        admin = await asyncpg.connect(databases.with_database(postgres.url, "postgres"))
        try:
            for name in DURABLE:
                if (value := await admin.fetchval("select current_setting($1)", name)) != "on":
                    raise Broken(f"{name} is {value}: nothing is measured on a server that may forget")
            await admin.execute("create extension if not exists pg_stat_statements")
            async with AsyncExitStack() as stack:
                yield Bench(postgres.url, postgres.version, admin, directory, sizes, stack)
        finally:
            await admin.close()


class Clock:
    """Seconds of a block: `with Clock() as clock: …`, then `clock.seconds`."""

    seconds = 0.0

    def __enter__(self) -> Clock:
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._began
