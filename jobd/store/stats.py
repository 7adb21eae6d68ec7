"""Counts, times and failures as people read them: from the recorders' minutes, and from the latest failures."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from jobd.model.duration import format_duration
from jobd.model.failures import FailureGroup, Failures, finding, fingerprint
from jobd.model.stats import Minute, StatsReport, Window, times
from jobd.statements import statements
from jobd.store.database import Database
from jobd.store.reading import reading

sql = statements("jobd.store.sql", "stats")

LOOKED_AT = 5000
"""Failures whose tracebacks are read for one list: some half a second of Postgres' time."""


class Stats:
    """Reads; changes nothing. Each raises StoreUnavailable when Postgres is gone or takes over two seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def totals(self, by: str, window: Window) -> list[StatsReport]:
        """One report for each `job` or `queue` that had something end in the window, by name."""
        async with reading(self._database) as connection:
            rows = await connection.fetch(sql.totals, by, window.length)
        return [
            StatsReport(
                **{name: row[name] for name in ("name", "succeeded", "failed", "cancelled", "skipped", "retried")},
                per_minute=(row["succeeded"] + row["failed"] + row["cancelled"] + row["skipped"]) / row["minutes"],
                run=times(row["run_hist"], row["run_ms"]),
                wait=times(row["wait_hist"], row["wait_ms"]),
            )
            for row in rows
        ]

    async def minutes(self, length: timedelta, *, job: str | None = None, queue: str | None = None) -> list[Minute]:
        """What ended in each minute, oldest first; quiet minutes are left out."""
        async with reading(self._database) as connection:
            return [Minute(**row) for row in await connection.fetch(sql.minutes, length, job, queue)]

    async def failed(self, since: timedelta, state: str | None = None) -> Failures:
        """What goes wrong, grouped: runs that wait for another attempt, then those that failed within `since`.

        `state` is `retrying` or `failed` for one kind alone; of each the 5,000 nearest to now are looked at.
        """
        async with reading(self._database) as connection:
            rows = await connection.fetch(sql.failed, since, LOOKED_AT, state)
        groups = tuple(_group(row, since) for row in rows)
        looked = Counter[bool]()
        for group in groups:
            looked[group.retrying] += group.count
        return Failures(groups=groups, more=any(count >= LOOKED_AT for count in looked.values()))


def _group(row: Any, since: timedelta) -> FailureGroup:
    return FailureGroup(
        fingerprint=fingerprint(row["job"], row["class"], row["file"], row["function"]),
        error_class=row["class"],
        frame=f"{row['file']}:{row['line']} in {row['function']}" if row["file"] else None,
        error=row["error"] or "",
        filter=_retrying(row) if row["retrying"] else finding(row["job"], row["class"], format_duration(since)),
        **{name: row[name] for name in ("job", "retrying", "count", "first_at", "last_at", "next_at", "last_id")},
    )


def _retrying(row: Any) -> str:
    """A search goes back a day unless it is told, and a live run counts from when it was added: to the oldest here."""
    days = int(row["oldest_seconds"] // 86_400) + 1
    return finding(row["job"], row["class"], f"{days + 1}d", state="retrying")
