"""A Context for testing one job without a daemon: real database, all that the job said is kept."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from jobd.model.context import Db, Transaction
from jobd.model.duration import Length, length_of
from jobd.model.run import Items
from jobd.model.settings import Settings
from jobd.store.outbox import add

T = TypeVar("T")


class BoundLog(logging.LoggerAdapter[logging.Logger]):
    """A logger that adds its own facts to those of each line."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return msg, kwargs


class PoolDb:
    """`ctx.db` on an asyncpg pool whose connections already have the application's `search_path`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        rows: list[Any] = await self._pool.fetch(query, *args)
        return rows

    async def fetchrow(self, query: str, *args: Any) -> Any | None:
        return await self._pool.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self._pool.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        return str(await self._pool.execute(query, *args))

    async def executemany(self, query: str, args: Sequence[Sequence[Any]]) -> None:
        await self._pool.executemany(query, args)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection


class TestContext:
    """One attempt of one job, outside the daemon.

    What the job counted, reported, enqueued and slept through is in `items`, `progressed`, `enqueued` and
    `slept`; `cancelled` may be set at any time. Leaving it with `async with` closes the shared resources.
    """

    __test__ = False  # not a class of tests

    def __init__(
        self,
        pool: Any,
        *,
        job: str = "job",
        settings: Settings | None = None,
        run_id: int = 1,
        attempt: int = 1,
        queue: str = "default",
        due_at: datetime | None = None,
        slot: datetime | None = None,
    ) -> None:
        self.run_id, self.job, self.attempt, self.queue = run_id, job, attempt, queue
        self.due_at = due_at or datetime.now(UTC)
        self.slot = slot
        self.settings = settings or Settings()
        self.db: Db = PoolDb(pool)
        self.cancelled = False
        self.result: Any = None
        self.items = Items()
        self.progressed: list[tuple[int, int | None, str]] = []
        self.enqueued: list[tuple[str, dict[str, Any]]] = []
        self.slept: list[timedelta] = []
        self.resources: dict[str, Any] = {}
        facts = {"run": run_id, "job": job, "attempt": attempt}
        self.log = BoundLog(logging.getLogger(f"jobd.job.{job}"), facts)

    async def __aenter__(self) -> TestContext:
        return self

    async def __aexit__(self, *exc: object) -> None:
        while self.resources:
            _, thing = self.resources.popitem()
            await thing.close()

    def count(self, *, done: int = 0, skipped: int = 0, failed: int = 0) -> None:
        seen = self.items
        self.items = Items(done=seen.done + done, skipped=seen.skipped + skipped, failed=seen.failed + failed)

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        self.progressed.append((done, total, note))

    async def sleep(self, pause: timedelta) -> None:
        """Return at once: a test's time passes by ageing rows."""
        self.slept.append(pause)

    async def mail(
        self,
        tx: Transaction,
        *,
        to: str,
        subject: str,
        text: str | None = None,
        html: str | None = None,
        kind: str,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> int | None:
        return await add(
            tx,
            run_id=self.run_id,
            job=self.job,
            to=to,
            subject=subject,
            text=text,
            html=html,
            kind=kind,
            key=key,
            headers=headers,
            sender=self.settings.mail.sender,
        )

    async def resource(self, name: str, make: Callable[[], Awaitable[T]]) -> T:
        if name not in self.resources:
            self.resources[name] = await make()
        thing: T = self.resources[name]
        return thing

    async def enqueue(self, job: str, *, delay: Length | None = None, key: str | None = None, **args: Any) -> int:
        if delay:
            length_of(delay)
        self.enqueued.append((job, args))
        return len(self.enqueued)

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.db.transaction()
