"""The Context that a job is handed: its run, the application's database, mail, counts, progress."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import index
from typing import Any, Protocol, TypeVar

from jobd.engine.children import Children
from jobd.model.context import Transaction
from jobd.model.duration import Length, length_of
from jobd.model.privacy import NOTHING, Mask
from jobd.model.quoted import unquoted
from jobd.model.run import Claimed, Ending, Items, NewRun, Outcome
from jobd.model.secrets import NONE, Secrets
from jobd.model.settings import Settings

T = TypeVar("T")

CURRENT: ContextVar[AttemptContext | None] = ContextVar("jobd_attempt", default=None)
"""The attempt that this task belongs to; the log filter and captured logs read it."""

MOST_ITEMS = 2**31 - 1
"""What a column for items holds."""

log = logging.getLogger(__name__)
job_log = logging.getLogger("jobd.job")


class Stop(StrEnum):
    """Why jobd itself ends an attempt."""

    CANCEL = "cancel"  # somebody asked for it
    TIMEOUT = "timeout"  # it took longer than its job may
    SHUTDOWN = "shutdown"  # the grace time is over
    LOST = "lost"  # this node's lease is gone: the result must not count


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
    mask: Mask = NOTHING
    secrets: Secrets = NONE
    """What `[privacy] redact` names, and what the configuration hides: a failed attempt quotes neither."""
    resources: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    bound: logging.LoggerAdapter[logging.Logger] = field(default_factory=lambda: logging.LoggerAdapter(job_log, {}))

    async def close(self) -> None:
        """Close what `ctx.resource` made."""
        made = [future for future in self.resources.values() if future.done() and not future.exception()]
        self.resources.clear()
        for future in made:
            close = getattr(future.result(), "close", None)
            try:
                if close is not None and (pending := close()) is not None:
                    await pending
            except Exception as error:  # noqa: BLE001 - a user's own close
                said = f"{type(error).__name__}: {error}"
                log.warning("a shared resource could not be closed", extra={"error": said})


class AttemptContext:
    """One attempt of one run; satisfies `jobd.Context`."""

    # One is made for every run: what most of them never change stays with the class.
    task: asyncio.Task[None] | None = None
    why: Stop | None = None
    """Why jobd ends this attempt; None while it does not."""
    stopped_at: float | None = None
    result: Any = None
    committed = False
    counted = False
    progressed: dict[str, Any] | None = None
    _stopping: asyncio.Event | None = None
    _done = _skipped = _failed = 0

    def __init__(self, run: Claimed, services: Services, claimed: float, charged: float, announced: bool) -> None:
        self.run = run
        self.services = services
        self.claimed = claimed
        """Monotonic, when the claim's answer came."""
        self.charged = charged
        """What its queue paid for the start."""
        self.announced = announced
        """Shown as running in Postgres already."""
        self.started = time.monotonic()

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
        return self.why is not None

    @property
    def items(self) -> Items | None:
        """What was counted so far; None when nothing was."""
        if not self.counted:
            return None
        return Items(done=self._done, skipped=self._skipped, failed=self._failed)

    def ending(self, outcome: Outcome) -> Ending:
        """This attempt's ending as of now."""
        now = time.monotonic()
        waited = self.run.waited + self.started - self.claimed
        ending = Ending(self.run, self.services.node, outcome, now, now - self.started, waited if waited > 0 else 0.0)
        if self.counted:
            ending.items = self.items
        elif outcome is Outcome.SUCCEEDED:
            ending.plain = True
        if self.committed:
            ending.written = True
        return ending

    def unquoted(self, text: str) -> str:
        """`text` without this run's masked arguments and the configuration's secrets."""
        return self.services.secrets.without(unquoted(text, self.services.mask, self.run.args))

    def stop(self, why: Stop) -> None:
        """End it: the job is told, then its task is cancelled; the first reason counts."""
        if self.why is None:
            self.why, self.stopped_at = why, time.monotonic()
        if self._stopping is not None:
            self._stopping.set()
        if self.task is not None and inspect.getcoroutinestate(self.task.get_coro()) != inspect.CORO_CREATED:  # type: ignore[arg-type]
            # a task that is cancelled before its first step never takes one; that one looks at `why` itself
            self.task.cancel()

    def count(self, *, done: int = 0, skipped: int = 0, failed: int = 0) -> None:
        self.counted = True
        self._done = min(self._done + index(done), MOST_ITEMS)
        self._skipped = min(self._skipped + index(skipped), MOST_ITEMS)
        self._failed = min(self._failed + index(failed), MOST_ITEMS)

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        self.progressed = {"done": done, "total": total, "note": note}

    async def sleep(self, pause: timedelta) -> None:
        if self._stopping is None:
            self._stopping = asyncio.Event()
        try:
            async with asyncio.timeout(pause.total_seconds()):
                await self._stopping.wait()
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

    async def enqueue(self, job: str, *, delay: Length | None = None, key: str | None = None, **args: Any) -> int:
        due_at = datetime.now(UTC) + length_of(delay) if delay else None
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
