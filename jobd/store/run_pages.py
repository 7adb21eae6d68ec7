"""Runs as people read them: pages over live and history, one run whole, and which ones are over."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jobd.errors import NotFound
from jobd.model.reports import Page
from jobd.model.run import Attempt, Items, Outcome, Run, RunState
from jobd.statements import statements
from jobd.store.database import Database
from jobd.store.reading import reading

sql = statements("jobd.store.sql", "run_pages")

LARGEST_PAGE = 1000
LARGEST_ID = 2**63 - 1
_INFINITY = datetime.max.replace(tzinfo=UTC)  # what the driver sends as 'infinity'
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs; an absent field is any. `job` may hold `*`."""

    states: frozenset[RunState] = frozenset(RunState)
    job: str | None = None
    queue: str | None = None
    schedule: str | None = None
    retried_from: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page ended: the next begins behind (finished_at, id). Live runs end in eternity."""

    finished_at: datetime = _INFINITY
    id: int = LARGEST_ID

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """A cursor from its text.

        Raises:
            ValueError: it was not made by `str(cursor)`.
        """
        when, dot, number = text.partition(".")
        if not (dot and number.isascii() and number.isdecimal() and int(number[:20]) <= LARGEST_ID):
            raise ValueError(f"{text[:40]!r} is no cursor; take `next` of the page before")
        if when == "live":
            return cls(id=int(number))
        try:
            return cls(finished_at=_EPOCH + timedelta(microseconds=int(when[:20])), id=int(number))
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{text[:40]!r} is no cursor; take `next` of the page before") from error

    def __str__(self) -> str:
        if self.finished_at == _INFINITY:
            return f"live.{self.id}"
        return f"{(self.finished_at - _EPOCH) // timedelta(microseconds=1)}.{self.id}"


class RunPages:
    """Reads runs; changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, chosen: RunFilter = RunFilter(), *, after: Cursor = Cursor(), limit: int = 50) -> Page:
        """At most `limit` runs that `chosen` takes, newest first, from behind `after`.

        Raises:
            StoreUnavailable: Postgres is gone, or it took longer than two seconds.
        """
        limit = max(1, min(limit, LARGEST_PAGE))
        exact, pattern = _job(chosen.job)
        async with reading(self._database) as connection:
            rows = await connection.fetch(
                sql.page, after.finished_at, after.id, sorted(chosen.states), exact,
                chosen.queue, chosen.schedule, chosen.retried_from, pattern, limit + 1,
            )  # fmt: skip
        runs = tuple(_run(row) for row in rows[:limit])
        return Page(runs=runs, next=str(_cursor(runs[-1])) if len(rows) > limit else None)

    async def one(self, run_id: int) -> Run:
        """The run with its attempts and the count of its messages.

        Raises:
            NotFound: no such run, or history has forgotten it.
        """
        row = None
        if 0 < run_id <= LARGEST_ID:
            async with reading(self._database) as connection:
                if row := await connection.fetchrow(sql.one, run_id):
                    attempts = await connection.fetch(sql.attempts, run_id)
                    mails = await connection.fetch(sql.mails, run_id)
        if row is None:
            raise NotFound(f"there is no run {run_id}, or it is older than history is kept")
        return _run(
            row,
            attempts=tuple(Attempt(**{**dict(tried), "outcome": Outcome(tried["outcome"])}) for tried in attempts),
            mails={mail["state"]: mail["n"] for mail in mails},
        )

    async def ended(self, run_ids: Collection[int]) -> set[int]:
        """Which of these are over: one question however many wait for an answer."""
        async with reading(self._database) as connection:
            return {row["id"] for row in await connection.fetch(sql.ended, list(run_ids))}


def _cursor(run: Run) -> Cursor:
    return Cursor(finished_at=run.finished_at or _INFINITY, id=run.id)


def _job(name: str | None) -> tuple[str | None, str | None]:
    """(exact name, `like` pattern): at most one of them."""
    if name is None or "*" not in name:
        return name, None
    escaped = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return None, escaped.replace("*", "%")


_SAME = (
    "id", "job", "queue", "priority", "attempt", "retries_left", "source", "created_at", "due_at", "started_at",
    "finished_at", "node", "schedule", "slot", "retried_from", "cancel_requested", "reason", "error",
)  # fmt: skip


def _run(row: Any, *, attempts: tuple[Attempt, ...] = (), mails: dict[str, int] | None = None) -> Run:
    return Run(
        **{name: row[name] for name in _SAME},
        state=RunState(row["state"]),
        args=_json(row["args"]) or {},
        result=_json(row["result"]),
        items=Items(done=row["items_done"] or 0, skipped=row["items_skipped"] or 0, failed=row["items_failed"] or 0),
        progress=_json(row["progress"]),
        attempts=attempts,
        mails=mails or {},
        omitted=tuple(name for name in ("args", "result") if row[f"{name}_stored"] and row[name] is None),
    )


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)
