"""The Context that a job is handed: its run, the application's database, mail, counts, progress."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from jobd.engine.children import Children
from jobd.model.context import Transaction
from jobd.model.run import Claimed, Ending, Items, NewRun, Outcome
from jobd.model.settings import Settings

T = TypeVar("T")

CURRENT: ContextVar[AttemptContext | None] = ContextVar("jobd_attempt", default=None)
"""The attempt that this task belongs to; the log filter and captured logs read it."""

job_log = logging.getLogger("jobd.job")


class JobDb(Protocol):
    """The application's database as jobs use it; the driver's own errors reach the job."""

    def transaction(self) -> Any: ...
    async def fetch(self, query: str, *args: Any) -> list[Any]: ...
    async def fetchrow(self, query: str, *args: Any) -> Any | None: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    async def execute(self, query: str, *args: Any) -> str: ...
    async def executemany(self, query: str, args: Sequence[Sequence[Any]]) -> None: ...


@dataclass(slots=True, kw_only=True)
class Services:
    """What all attempts of a node share."""

    db: JobDb
    settings: Settings
    node: int
    mail: Callable[..., Awaitable[int | None]]
    enqueue: Callable[[NewRun], Awaitable[int]]
    children: Children
    """The process groups of running commands."""
    end_in: Callable[[Any, AttemptContext], Awaitable[None]]
    """Record the end of this attempt as the last statement of the given transaction."""
    resources: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    bound: logging.LoggerAdapter[logging.Logger] = field(default_factory=lambda: logging.LoggerAdapter(job_log, {}))

    async def close(self) -> None:
        """Close what `ctx.resource` made."""
        made = [future for future in self.resources.values() if future.done() and not future.exception()]
        self.resources.clear()
        for future in made:
            close = getattr(future.result(), "close", None)
            if close is not None and (pending := close()) is not None:
                await pending


class AttemptContext:
    """One attempt of one run; satisfies `jobd.Context`."""

    __slots__ = (
        "_args", "_done", "_failed", "_skipped", "_stop", "committed", "progressed", "result", "run", "services",
        "started",
    )  # fmt: skip

    def __init__(self, run: Claimed, services: Services, started: float) -> None:
        self.run = run
        self.services = services
        self.started = started
        self.result: Any = None
        self.committed = False
        self.progressed: dict[str, Any] | None = None
        self._done = self._skipped = self._failed = 0
        self._stop: asyncio.Event | None = None

    @property
    def run_id(self) -> int:
        return self.run.id

    @property
    def job(self) -> str:
        return self.run.job

    @property
    def attempt(self) -> int:
        return self.run.attempt

    @property
    def queue(self) -> str:
        return self.run.queue

    @property
    def due_at(self) -> datetime:
        return datetime.fromtimestamp(self.run.due, UTC)

    @property
    def slot(self) -> datetime | None:
        return self.run.slot

    @property
    def settings(self) -> Settings:
        return self.services.settings

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        return self.services.bound

    @property
    def db(self) -> JobDb:
        return self.services.db

    @property
    def cancelled(self) -> bool:
        return self._stop is not None and self._stop.is_set()

    @property
    def items(self) -> Items | None:
        """What was counted so far; None when nothing was."""
        if self._done or self._skipped or self._failed:
            return Items(done=self._done, skipped=self._skipped, failed=self._failed)
        return None

    def ending(self, outcome: Outcome) -> Ending:
        """This attempt's ending as of now."""
        now = time.monotonic()
        return Ending(
            run=self.run,
            node=self.services.node,
            outcome=outcome,
            ended=now,
            took=now - self.started,
            waited=max(0.0, self.run.waited),
            items=self.items,
            written=self.committed,
        )

    def stop(self) -> None:
        """Tell the job to stop at its next clean point."""
        self._stopping().set()

    def _stopping(self) -> asyncio.Event:
        if self._stop is None:
            self._stop = asyncio.Event()
        return self._stop

    def count(self, *, done: int = 0, skipped: int = 0, failed: int = 0) -> None:
        self._done += done
        self._skipped += skipped
        self._failed += failed

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        self.progressed = {"done": done, "total": total, "note": note}

    async def sleep(self, pause: timedelta) -> None:
        try:
            async with asyncio.timeout(pause.total_seconds()):
                await self._stopping().wait()
        except TimeoutError:
            return

    async def mail(self, tx: Transaction, *, to: str, subject: str, kind: str, **parts: Any) -> int | None:
        return await self.services.mail(
            tx, run_id=self.run.id, job=self.run.job, to=to, subject=subject, kind=kind, **parts
        )

    async def resource(self, name: str, make: Callable[[], Awaitable[T]]) -> T:
        resources = self.services.resources
        if (future := resources.get(name)) is None:
            future = resources[name] = asyncio.get_running_loop().create_future()
            try:
                future.set_result(await make())
            except BaseException as error:
                del resources[name]
                future.set_exception(error if isinstance(error, Exception) else RuntimeError(f"{name} was not made"))
                future.exception()  # seen: whoever waits raises it, and nobody may be waiting
                raise
        shared: T = await asyncio.shield(future)
        return shared

    async def enqueue(self, job: str, *, delay: timedelta | None = None, key: str | None = None, **args: Any) -> int:
        due_at = datetime.now(UTC) + delay if delay else None
        return await self.services.enqueue(
            NewRun(job=job, args=args, due_at=due_at, key=key, source=f"run {self.run.id}")
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction whose commit also ends this run as succeeded."""
        if self.committed:
            raise RuntimeError("ctx.transaction() ends the run: it can be used once, as the last thing a job does")
        async with self.services.db.transaction() as tx:
            yield tx
            await self.services.end_in(tx, self)
        self.committed = True


def bound_facts() -> dict[str, Any]:
    """run, job, attempt and node of the attempt in whose context this is called; empty elsewhere."""
    context = CURRENT.get()
    if context is None:
        return {}
    run = context.run
    return {"run": run.id, "job": run.job, "attempt": run.attempt, "node": context.services.node}
