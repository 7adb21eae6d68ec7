"""Databases of a server: create one, drop one, and be sure that jobd's own exists."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote, urlsplit

import asyncpg

from jobd.errors import EmbeddedPostgresError
from jobd.statements import statements

_SQL = statements("jobd.store.embedded", "databases")
_CONNECT_SECONDS = 30.0


async def ensure(url: str) -> None:
    """Create the database that `url` names unless it exists.

    Raises:
        EmbeddedPostgresError: the server does not let us in.
    """
    try:
        async with _connected(url):
            return
    except asyncpg.InvalidCatalogNameError:
        await create(with_database(url, "postgres"), urlsplit(url).path.lstrip("/"))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise EmbeddedPostgresError(f"jobd's own Postgres runs but does not let jobd in: {error}") from error


async def create(url: str, name: str) -> str:
    """Create database `name` on the server of `url`, and say how to reach it."""
    async with _connected(url) as connection:
        await connection.execute(await connection.fetchval(_SQL.creation, name))
    return with_database(url, name)


async def drop(url: str, name: str) -> None:
    """Drop database `name` with everybody in it; `url` leads to another database of that server."""
    async with _connected(url) as connection:
        await connection.execute(await connection.fetchval(_SQL.removal, name))


def with_database(url: str, name: str) -> str:
    """`url` with another database in it."""
    return urlsplit(url)._replace(path=f"/{quote(name, safe='')}").geturl()


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    try:
        yield connection
    finally:
        await connection.close()
