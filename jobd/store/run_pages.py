"""Runs as people read them: pages over live and history, one run whole, and which ones are over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from jobd.errors import NotFound
from jobd.model.privacy import Mask
from jobd.model.reports import Page
from jobd.model.run import Attempt, Outcome, Run, RunState
from jobd.statements import statements
from jobd.store.database import Database
from jobd.store.reading import reading
from jobd.store.run_rows import LARGEST_ID, LARGEST_PAGE, START, Cursor, read_run

sql = statements("jobd.store.sql", "run_pages")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs; an absent field is any. `job` may hold `*`."""

    states: frozenset[RunState] = frozenset(RunState)
    job: str | None = None
    queue: str | None = None
    schedule: str | None = None
    retried_from: int | None = None


class RunPages:
    """Reads runs; changes nothing."""

    def __init__(self, database: Database, mask: Mask) -> None:
        self._database = database
        self._mask = mask

    async def page(self, chosen: RunFilter = RunFilter(), *, after: Cursor = START, limit: int = 50) -> Page:
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
        runs = tuple(read_run(row, self._mask) for row in rows[:limit])
        return Page(runs=runs, next=str(Cursor.of(runs[-1].finished_at, runs[-1].id)) if len(rows) > limit else None)

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
        return read_run(
            row,
            self._mask,
            attempts=tuple(Attempt(**{**dict(tried), "outcome": Outcome(tried["outcome"])}) for tried in attempts),
            mails={mail["state"]: mail["n"] for mail in mails},
        )

    async def ended(self, run_ids: Collection[int]) -> set[int]:
        """Which of these are over: one question however many wait for an answer."""
        async with reading(self._database) as connection:
            return {row["id"] for row in await connection.fetch(sql.ended, list(run_ids))}


def _job(name: str | None) -> tuple[str | None, str | None]:
    """(exact name, `like` pattern): at most one of them."""
    if name is None or "*" not in name:
        return name, None
    escaped = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return None, escaped.replace("*", "%")
