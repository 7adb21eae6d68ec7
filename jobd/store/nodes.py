"""Nodes in Postgres: join, beat, leave, and what becomes of the runs of a node that is gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from jobd.statements import statements
from jobd.store.database import Database, Link
from jobd.store.outages import outages

sql = statements("jobd.store.sql", "nodes")

ANSWER_SECONDS = 10.0
"""A wait that was to end by itself is not worth waiting for any longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescued:
    """A run taken from a node that is gone. `verdict` is queued, failed (poison) or cancelled."""

    id: int
    job: str
    queue: str
    node: int
    attempt: int
    verdict: str
    limit_key: str | None


class Nodes:
    """Every node of this database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def leave(self, node: int) -> None:
        await self._database.execute(sql.leave, node)

    async def succeed(self, home: str, node: int) -> list[int]:
        """Declare earlier boots of `home` lost; the caller holds the lock of that state directory."""
        return [row["id"] for row in await self._database.fetch(sql.succeed, home, node)]

    async def mark_expired(self, node: int) -> list[int]:
        """Declare nodes lost whose lease has ended; committed before their runs are touched."""
        return [row["id"] for row in await self._database.fetch(sql.mark_expired, node)]

    async def mark_silent(self, node: int, beat_at: datetime) -> bool:
        """Declare `node` lost unless it has beaten after `beat_at`; True when it was declared lost."""
        return bool(await self._database.fetch(sql.mark_silent, node, beat_at))

    async def last_beat(self, node: int) -> datetime | None:
        """When `node` beat last; None when it is lost or gone."""
        beat: datetime | None = await self._database.fetchval(sql.last_beat, node)
        return beat

    async def neighbour(self, node: int) -> tuple[int, int] | None:
        """Whom `node` watches, and that node's lock key; None when it is alone."""
        row = await self._database.fetchrow(sql.neighbour, node)
        return (row["id"], row["lock_key"]) if row else None

    def watch(self) -> Link:
        """A connection on which to wait for the end of another node."""
        return self._database.link("jobd watch", statement_timeout=timedelta(0))

    async def rescue(self, limit: int) -> list[Rescued]:
        """Take one batch of runs from lost or absent nodes; empty when none is left."""
        return [Rescued(**row) for row in await self._database.fetch(sql.rescue, limit)]

    async def describe(self, node: int, queues: Sequence[str], jobs: Sequence[str]) -> None:
        """Say which queues `node` serves and which jobs it can run."""
        await self._database.execute(sql.describe, node, json.dumps({"queues": list(queues), "jobs": list(jobs)}))

    async def forget(self) -> None:
        """Drop nodes that are gone for a week."""
        await self._database.execute(sql.forget)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a node says of itself when it joins."""

    name: str
    host: str
    pid: int
    home: str
    """The state directory's own mark: who holds its lock succeeds earlier boots there."""
    version: str
    workers: int
    lease: timedelta
    desired: str = "running"
    """What operators wanted of this process before its lease was lost: that is not undone by a new one."""
    direct: bool
    """A direct connection, on which the advisory lock means something; not so behind a pooler."""


async def join(connection: Any, identity: Identity) -> int:
    """Enter as a new node, its lock held by this session before anybody can see it; its id."""
    async with connection.transaction():
        node: int = await connection.fetchval(
            sql.join,
            identity.name,
            identity.host,
            identity.pid,
            identity.home,
            identity.version,
            identity.workers,
            identity.lease.total_seconds(),
            identity.direct,
            identity.desired,
        )
        if identity.direct:
            await hold(connection, node)
    return node


async def hold(connection: Any, node: int) -> None:
    """Take the lock that tells the others that `node` lives."""
    await connection.execute(sql.hold, node)


async def try_hold(connection: Any, node: int) -> bool:
    """As `hold` on a new connection; False while the session that held it before is not known to be dead."""
    held: bool = await connection.fetchval(sql.try_hold, node)
    return held


async def await_release(link: Link, lock_key: int, seconds: float) -> bool:
    """Wait at most so long for the end of the session that holds this lock; True when nobody holds it (any more).

    Raises:
        StoreUnavailable: no answer, or none in time.
    """
    with outages:
        async with asyncio.timeout(seconds + ANSWER_SECONDS):
            row = await link.fetchrow(sql.await_release, lock_key, seconds)
    return bool(row and row["released"])


async def beat(
    connection: Any, node: int, lease: timedelta, state: str, *, direct: bool, lag: timedelta = timedelta(0)
) -> float | None:
    """Renew the lease; Postgres' clock in seconds since 1970, or None when the node is lost for ever.

    `direct` says that this session holds the node's lock, so that its release means something; `lag` is how long the
    main loop kept something waiting, for people to see.
    """
    lag_ms = lag.total_seconds() * 1000
    row = await connection.fetchrow(sql.beat, node, lease.total_seconds(), state, direct, lag_ms)
    return row["now"] if row else None


LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Whatever may come out of a statement of the heartbeat: to it, everything is a missed beat."""
