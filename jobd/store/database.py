"""Connections to Postgres: a pool for everybody, and single links for the loops that must never queue behind others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg

from jobd.store.outages import outages
from jobd.store.tls import secured, told

_SESSION = {
    "timezone": "UTC",
    # compiling a statement costs ten times what our short ones take (720 of 770 ms for the list of queues)
    "jit": "off",
    # a dead peer is noticed by the kernel after 25 s of silence instead of two hours
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
CONNECT_SECONDS = 10.0


async def connect(url: str, *, application: str, statement_timeout: timedelta, search_path: str = "jobd") -> Any:
    """One plain connection with jobd's session settings.

    Raises:
        StoreUnavailable: no answer within 10 s, or refused.
    """
    milliseconds = int(statement_timeout.total_seconds() * 1000)
    with outages, told(url):
        async with asyncio.timeout(CONNECT_SECONDS):
            return await asyncpg.connect(
                url,
                **secured(url),
                timeout=CONNECT_SECONDS,
                command_timeout=statement_timeout.total_seconds() + 5 if milliseconds else None,
                server_settings={
                    "application_name": application,
                    "statement_timeout": str(milliseconds),
                    "search_path": search_path,
                    **_SESSION,
                },
            )


async def close(connection: Any) -> None:
    """Close politely within two seconds, else by force: a half-open connection never answers a goodbye."""
    try:
        async with asyncio.timeout(2):
            await connection.close()
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()


class Link:
    """One connection of one's own, opened when first needed and again after a loss. One statement at a time."""

    def __init__(self, url: str, *, name: str, statement_timeout: timedelta, setup: str | None = None) -> None:
        self._url, self._name, self._timeout, self._setup = url, name, statement_timeout, setup
        self._connection: Any = None
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Any]:
        """The connection, for the length of the block.

        Raises:
            StoreUnavailable: it could not be opened, or was lost inside the block; the next use opens a new one.
        """
        async with self._turn:
            with outages:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await connect(
                        self._url, application=self._name, statement_timeout=self._timeout
                    )
                    if self._setup:
                        await self._connection.execute(self._setup)
                try:
                    yield self._connection
                except BaseException as error:
                    if not isinstance(error, asyncpg.PostgresError) or self._connection.is_closed():
                        # cancelled or broken in the middle of a statement: its state is unknown, so it goes
                        connection, self._connection = self._connection, None
                        connection.terminate()
                    raise

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        async with self.use() as connection:
            rows: list[Any] = await connection.fetch(sql, *args)
            return rows

    async def fetchrow(self, sql: str, *args: Any) -> Any | None:
        async with self.use() as connection:
            return await connection.fetchrow(sql, *args)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            await close(connection)


async def _keep_session(_: Any) -> None:
    """jobd's own statements leave no session state behind, so a released connection needs no round trip."""


class Database:
    """The pool; every call has a deadline, every loss is StoreUnavailable."""

    def __init__(self, url: str, pool: Any, statement_timeout: timedelta) -> None:
        self.url = url
        self._pool = pool
        self._timeout = statement_timeout

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection of the pool, for the length of the block."""
        with outages:
            async with self._pool.acquire(timeout=self._timeout.total_seconds()) as connection:
                yield connection

    @asynccontextmanager
    async def raw(self) -> AsyncIterator[Any]:
        """As `connection`, but what goes wrong inside the block is not renamed: for users' own code."""
        with outages:
            connection = await self._pool.acquire(timeout=self._timeout.total_seconds())
        try:
            yield connection
        finally:
            await self._pool.release(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """A connection inside a transaction: commits when the block ends, rolls back when it raises."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        async with self.connection() as connection:
            rows: list[Any] = await connection.fetch(sql, *args)
            return rows

    async def fetchrow(self, sql: str, *args: Any) -> Any | None:
        async with self.connection() as connection:
            return await connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        async with self.connection() as connection:
            return await connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        async with self.connection() as connection:
            status: str = await connection.execute(sql, *args)
            return status

    async def executemany(self, sql: str, args: Sequence[Sequence[Any]]) -> None:
        async with self.connection() as connection:
            await connection.executemany(sql, args)

    def link(self, name: str, *, statement_timeout: timedelta | None = None, setup: str | None = None) -> Link:
        """A connection of one's own to the same database, `setup` run on each new one; the caller closes it."""
        return Link(self.url, name=name, statement_timeout=statement_timeout or self._timeout, setup=setup)


@asynccontextmanager
async def open_database(
    url: str,
    *,
    connections: int = 10,
    statement_timeout: timedelta = timedelta(seconds=30),
    search_path: str = "jobd",
    shared: bool = False,
    application: str = "jobd",
) -> AsyncIterator[Database]:
    """The pool on `url`, closed when the block ends.

    `shared` is for the jobs' pool: users may leave session state behind, so each release resets it.

    Raises:
        StoreUnavailable: no connection could be made.
    """
    milliseconds = int(statement_timeout.total_seconds() * 1000)
    with outages, told(url):
        pool = await asyncpg.create_pool(
            url,
            **secured(url),
            min_size=1,
            max_size=connections,
            timeout=CONNECT_SECONDS,
            command_timeout=statement_timeout.total_seconds() + 5 if milliseconds else None,
            max_inactive_connection_lifetime=60,
            reset=None if shared else _keep_session,
            server_settings={
                "application_name": application,
                "statement_timeout": str(milliseconds),
                "search_path": search_path,
                **_SESSION,
            },
        )
    try:
        yield Database(url, pool, statement_timeout)
    finally:
        try:
            async with asyncio.timeout(5):
                await pool.close()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            pool.terminate()
