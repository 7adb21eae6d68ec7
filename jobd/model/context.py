"""What a job is handed, as a Protocol: `from jobd import Context`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from logging import Logger, LoggerAdapter
from typing import Any, Protocol, TypeVar

from jobd.model.duration import Length
from jobd.model.settings import Settings

T = TypeVar("T")


class Transaction(Protocol):
    """A Postgres transaction, or the pool when there is none; positional parameters are `$1`, `$2` …

    Rows behave like mappings and like sequences (asyncpg.Record).
    """

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...
    async def fetchrow(self, query: str, *args: Any) -> Any | None: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    async def execute(self, query: str, *args: Any) -> str: ...
    async def executemany(self, query: str, args: Sequence[Sequence[Any]]) -> None: ...


class Db(Transaction, Protocol):
    """The application's database, `search_path` set to `[app] schema`. Every statement has a deadline."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """One transaction on one connection; commits when the block ends, rolls back when it raises."""


class Context(Protocol):
    """One attempt of one run, as its job sees it."""

    result: Any
    """What is stored with the run when the job ends through `transaction()`; else its return value is."""

    @property
    def run_id(self) -> int: ...
    @property
    def job(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def queue(self) -> str: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def slot(self) -> datetime | None:
        """The schedule's instant this run stands for; None when it was triggered."""

    @property
    def settings(self) -> Settings: ...
    @property
    def log(self) -> LoggerAdapter[Logger]:
        """Bound to run, job, attempt and node; facts go in `extra=`."""

    @property
    def db(self) -> Db: ...

    @property
    def cancelled(self) -> bool:
        """True once somebody asked for the run's end: stop at the next clean point."""

    def count(self, *, done: int = 0, skipped: int = 0, failed: int = 0) -> None:
        """Add to the run's item counts; they are stored and shown with the run."""

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say how far the run is; shown live, at most twice a second."""

    async def sleep(self, pause: timedelta) -> None:
        """Pause; returns early when the run is being cancelled (then `cancelled` is true)."""

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
        """Put one message for one recipient in the outbox, inside the caller's transaction `tx`.

        `key` makes it unique per `kind` for ever: a second call with the same (kind, key) stores nothing and
        returns None. Returns the message's id.

        Raises:
            ValueError: the address or subject cannot be a mail header; nothing was stored.
        """

    async def resource(self, name: str, make: Callable[[], Awaitable[T]]) -> T:
        """Something costly that all runs of this node share (an HTTP session, a gateway client).

        Made once by `make`, closed with `await thing.close()` when the daemon stops.
        """

    async def enqueue(self, job: str, *, delay: Length | None = None, key: str | None = None, **args: Any) -> int:
        """Enqueue a run of another job; returns its id. `delay` is a timedelta, seconds, or a text like "5m".

        Raises:
            ValueError: the delay is negative, longer than a century or no length.
        """

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that also ends this run as succeeded: both commit, or neither.

        The last thing a job does; once per attempt. `ctx.result` set inside the block is stored with the run.
        """
