"""Runs that a filter finds: a page of them, how many, and their keys for what is done to all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobd.errors import Conflict
from jobd.model.filter import RETRYING, STATES, Bounds, Filter
from jobd.model.privacy import Mask
from jobd.model.reports import COUNTED, Count, Page
from jobd.statements import statements
from jobd.store.database import Database
from jobd.store.reading import SECONDS, reading
from jobd.store.run_rows import LARGEST_PAGE, START, Cursor, read_run

sql = statements("jobd.store.sql", "run_search")

IN_ORDER, COUNTED_UP_TO = f"{sql.found}\n{sql.in_order}", f"{sql.found}\n{sql.counted}"

LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Keys of runs, newest first; `after` goes on behind them."""

    keys: tuple[Cursor, ...]
    since: datetime | None
    """Ended runs before this were not looked at."""

    @property
    def ids(self) -> list[int]:
        return [key.id for key in self.keys]


class RunSearch:
    """Reads runs by filter; changes nothing."""

    def __init__(self, database: Database, mask: Mask, *, seconds: int = SECONDS) -> None:
        self._database = database
        self._mask = mask
        self._seconds = seconds

    async def page(self, chosen: Filter, *, after: Cursor = START, limit: int = 50) -> Page:
        """At most `limit` runs that `chosen` takes, newest first, from behind `after`.

        Raises:
            Conflict: the filter looks into a masked argument.
            StoreUnavailable: Postgres is gone, or it took longer than two seconds.
        """
        limit = max(1, min(limit, LARGEST_PAGE))
        async with reading(self._database, self._seconds) as connection:
            found = await self._matching(connection, chosen, after, limit + 1)
            keys = found.keys[:limit]
            live, ended = [key for key in keys if key.live], [key for key in keys if not key.live]
            rows = await connection.fetch(
                sql.rows, [key.id for key in live], [key.id for key in ended], [key.finished_at for key in ended]
            )
        runs = tuple(read_run(row, self._mask) for row in rows)
        return Page(runs=runs, next=str(keys[-1]) if len(found.keys) > limit else None, since=found.since)

    async def count(self, chosen: Filter, *, most: int = COUNTED) -> tuple[Count, datetime | None]:
        """How many runs `chosen` takes, counted up to `most`; and how far back was looked, where that was not said.

        Raises:
            Conflict: the filter looks into a masked argument.
            StoreUnavailable: Postgres is gone, or it took longer than the seconds of this search.
        """
        async with reading(self._database, self._seconds) as connection:
            absolute = await self._absolute(connection, chosen)
            count = await connection.fetchval(COUNTED_UP_TO, *self._parameters(absolute, START, most + 1))
        return Count(count=min(count, most), more=count > most), _looked_back(chosen, absolute)

    async def keys(self, chosen: Filter, *, after: Cursor, limit: int) -> Found:
        """The keys alone."""
        async with reading(self._database, self._seconds) as connection:
            return await self._matching(connection, chosen, after, limit)

    async def _matching(self, connection: Any, chosen: Filter, after: Cursor, limit: int) -> Found:
        absolute = await self._absolute(connection, chosen)
        rows = await connection.fetch(IN_ORDER, *self._parameters(absolute, after, limit))
        keys = tuple(Cursor.of(row["finished_at"], row["id"]) for row in rows)
        return Found(keys=keys, since=_looked_back(chosen, absolute))

    async def _absolute(self, connection: Any, chosen: Filter) -> Filter:
        self._refuse_masked(chosen)
        return chosen.at(await connection.fetchval(sql.now))

    def _parameters(self, absolute: Filter, after: Cursor, limit: int) -> tuple[Any, ...]:
        """What `found` takes."""
        states = absolute.states or frozenset(STATES) - {RETRYING}
        exact, patterns = _jobs(absolute.jobs)
        return (
            after.finished_at, after.id, sorted(states), exact, patterns,
            _patterns(absolute.queues), _patterns(absolute.schedules), _patterns(absolute.sources),
            list(absolute.nodes) or None, absolute.since, absolute.until,
            *_whole(absolute.attempt), absolute.took.least, absolute.took.most,
            [path for path, _ in absolute.args] or None,
            [json.dumps([like(pattern) for pattern in patterns]) for _, patterns in absolute.args] or None,
            [json.dumps([f"%{like(one)}%" for one in parts]) for parts in absolute.errors] or None,
            _parts(absolute.words), limit, not self._mask.hides_args,
            list(absolute.ids) or None,
        )  # fmt: skip

    def _refuse_masked(self, chosen: Filter) -> None:
        """What may not be read may not be guessed either, letter by letter."""
        if masked := [path for path, _ in chosen.args if self._mask.hides(f"args.{path}")]:
            raise Conflict(f"arg.{masked[0]} is masked ([privacy] redact): no filter may look into it")


def _looked_back(chosen: Filter, absolute: Filter) -> datetime | None:
    return absolute.since if chosen.since is None and isinstance(absolute.since, datetime) else None


def like(pattern: str) -> str:
    """A `like` pattern from one whose only wildcard is `*`."""
    return re.sub(r"([\\%_])", r"\\\1", pattern).replace("*", "%")


def _patterns(given: Collection[str]) -> list[str] | None:
    return [like(pattern) for pattern in given] or None


def _parts(words: Sequence[str]) -> list[str] | None:
    return [f"%{like(word)}%" for word in words] or None


def _jobs(jobs: Sequence[str]) -> tuple[str | None, list[str] | None]:
    """(exact name, patterns): at most one of them; the exact one has an index."""
    if len(jobs) == 1 and "*" not in jobs[0]:
        return jobs[0], None
    return None, _patterns(jobs)


def _whole(bounds: Bounds) -> tuple[int | None, int | None]:
    least, most = bounds.least, bounds.most
    return (
        None if least is None else int(min(least, LARGEST_INTEGER)),
        None if most is None else int(min(most, LARGEST_INTEGER)),
    )
