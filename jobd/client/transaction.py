"""A run that is there exactly when the caller's own transaction commits, over the caller's own connection.

`connection` is asyncpg's, jobd's own `tx` inside a job, or psycopg's AsyncConnection: then the answer is awaited. Or it
is any DB-API connection with `%s` parameters (psycopg 3 and 2, pg8000, what SQLAlchemy has beneath it): then the answer
is there at once. Its role needs the rights of `jobd_enqueue` (see docs/sql.md).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from types import TracebackType
from typing import Any

from jobd.errors import ArgumentsRefused, Conflict, JobdError, UnknownJob, UnknownQueue
from jobd.model.duration import Length, length_of
from jobd.model.instant import in_reach
from jobd.model.storable import storable
from jobd.statements import statements

sql = statements(__package__, "enqueue")

Read = Callable[[Sequence[Any]], Any]


def enqueue_in(
    connection: Any,
    job: str,
    /,
    *,
    queue: str | None = None,
    priority: int | None = None,
    delay: Length | None = None,
    at: datetime | None = None,
    key: str | None = None,
    notify: bool = True,
    **args: Any,
) -> Any:
    """Add one run inside the transaction that `connection` is in; its id, to be awaited where the driver is async.

    Daemons see the run after the commit. With `notify=False` they are not told and find it within their poll: for
    two-phase commit, which Postgres refuses to a transaction that notifies.

    Raises:
        UnknownJob, UnknownQueue, Conflict: it is not there, or the job is disabled; the transaction has to roll back.
        ArgumentsRefused: the same, unless it was found before Postgres was asked.
        ValueError: `delay` and `at`, an instant without a zone or out of reach, or a delay that is no length.
    """
    if delay is not None and at is not None:
        raise ValueError("delay and at exclude each other")
    due = None if at is None else in_reach(at)
    wait = None if delay is None else length_of(delay)
    values = [job, storable(args), queue, priority, due, wait, key, notify]
    return _asked(connection, sql.enqueue, values, lambda ids: ids[0])


def enqueue_many_in(connection: Any, job: str, args: Iterable[Mapping[str, Any]], /, *, notify: bool = True) -> Any:
    """Add a run of `job` for each of `args`, all or none; the list of their ids. Otherwise as `enqueue_in`."""
    return _asked(connection, sql.enqueue_many, [job, [storable(dict(one)) for one in args], notify], list)


def _asked(connection: Any, statement: str, values: Sequence[Any], read: Read) -> Any:
    """What the statement's only column holds, through `read`, or an awaitable of it."""
    if hasattr(connection, "fetchrow"):
        return _fetched(connection, statement, values, read)
    by_position = re.sub(r"\$\d+", "%s", statement)
    if inspect.iscoroutinefunction(getattr(connection, "execute", None)):
        return _executed(connection, by_position, values, read)
    with closing(connection.cursor()) as cursor, _refusals:
        cursor.execute(by_position, values)
        return read(_only_column(cursor.fetchall()))


async def _fetched(connection: Any, statement: str, values: Sequence[Any], read: Read) -> Any:
    with _refusals:
        return read(_only_column(await connection.fetch(statement, *values)))


async def _executed(connection: Any, statement: str, values: Sequence[Any], read: Read) -> Any:
    with _refusals:
        cursor = await connection.execute(statement, values)
        return read(_only_column(await cursor.fetchall()))


def _only_column(rows: Iterable[Any]) -> list[int]:
    """Rows are tuples, or mappings where the caller has told the driver so."""
    return [next(iter(row.values())) if isinstance(row, Mapping) else row[0] for row in rows]


class _Refusals:
    """Renames what jobd.enqueue raises; all else is between the caller and its database."""

    _KINDS: Mapping[str, type[JobdError]] = {"42704": UnknownJob, "22023": ArgumentsRefused, "55000": Conflict}

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        if error is None or not isinstance(state, str) or state not in self._KINDS:
            return
        said = getattr(error, "diag", error)  # psycopg keeps the parts there, asyncpg on the error itself
        message = getattr(said, "message_primary", None) or getattr(said, "message", None) or str(error)
        hint = getattr(said, "message_hint", None) or getattr(said, "hint", None)
        kind_of = UnknownQueue if getattr(said, "table_name", None) == "queues" else self._KINDS[state]
        raise kind_of(f"{message}; {hint}" if hint else message) from error


_refusals = _Refusals()
