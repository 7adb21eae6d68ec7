"""The reading side: what people are shown. Nothing here changes anything or slows the work down."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from jobd.errors import NotFound
from jobd.model.database import DatabaseReport
from jobd.model.privacy import NOTHING, Mask
from jobd.model.reports import Count, Counts, JobReport, LastRun, NodeReport, QueueReport, ScheduleReport
from jobd.model.run import RunState
from jobd.model.schedule import Schedule
from jobd.model.shown_settings import Drift
from jobd.statements import statements
from jobd.store.audit import Audit
from jobd.store.database import Database
from jobd.store.database_report import database_report
from jobd.store.events import Events
from jobd.store.mailbox import Mailbox
from jobd.store.reading import reading
from jobd.store.run_pages import RunPages
from jobd.store.run_search import RunSearch
from jobd.store.schedules import read_spec
from jobd.store.stats import Stats
from jobd.store.why import Circumstances

sql = statements("jobd.store.sql", "views")

MOST_WITH_OUTCOMES = 500
"""Schedules whose last runs are told in one answer: more would be megabytes that nobody looks at."""


class Views:
    """Reads for the API. Each raises StoreUnavailable when Postgres is gone or takes over two seconds."""

    def __init__(self, database: Database, mask: Mask = NOTHING) -> None:
        self._database, self.mask = database, mask
        self.why = Circumstances(database, self)
        self.runs = RunPages(database, mask)
        self.search = RunSearch(database, mask)
        self.mailbox = Mailbox(database, mask)
        self.stats = Stats(database)
        self.audit = Audit(database)
        self.events = Events(database)

    async def now(self) -> datetime:
        """The instant by which everything is due."""
        async with reading(self._database) as connection:
            now: datetime = await connection.fetchval(sql.now)
            return now

    async def jobs(self, name: str | None = None) -> list[JobReport]:
        """All jobs by name, or the one of that name; `parameters` are for those who know the function."""
        return [_job(row) for row in await self._rows(sql.jobs, name)]

    async def schedules(self, name: str | None = None, outcomes: int = 0) -> list[ScheduleReport]:
        """All schedules by name, or the one of that name; with the last `outcomes` ended runs of each.

        With very many schedules these are told of the `MOST_WITH_OUTCOMES` that fired last.
        """
        async with reading(self._database) as connection:
            rows = await connection.fetch(sql.schedules, name)
            ended = await connection.fetch(sql.outcomes, name, outcomes, MOST_WITH_OUTCOMES) if outcomes else []
        found: dict[str, list[LastRun]] = {}
        for row in reversed(ended):
            run = LastRun(id=row["id"], state=RunState(row["state"]), finished_at=row["finished_at"])
            found.setdefault(row["name"], []).append(run)
        return [_schedule(row, tuple(found.get(row["name"], ()))) for row in rows]

    async def schedule(self, name: str) -> Schedule:
        """The schedule of that name as it fires, with its arguments.

        Raises:
            NotFound: there is none.
        """
        for row in await self._rows(sql.schedules, name):
            args = json.loads(row["args"]) if row["args"] else {}
            return replace(read_spec(row["name"], row["job"], row["spec"]), args=args)
        raise NotFound(f"there is no schedule {name}")

    async def queues(self, name: str | None = None) -> list[QueueReport]:
        """All queues, the heaviest first, or the one of that name."""
        return [_queue(row) for row in await self._rows(sql.queues, name)]

    async def nodes(self) -> list[NodeReport]:
        """Nodes that are alive, newest first, then those that left or were lost since yesterday."""
        return [_node(row) for row in await self._rows(sql.nodes)]

    async def drift(self) -> list[Drift]:
        """What Postgres holds against the files: weights and pauses that operators have laid over them."""
        return [Drift(**row) for row in await self._rows(sql.drift)]

    async def database(self, pooler: bool | None) -> DatabaseReport:
        """The database as a whole; `pooler` is what the caller knows of one in between."""
        return await database_report(self._database, pooler)

    async def counts(self) -> Counts:
        """Runs by state now and by outcome in the last hour."""
        async with reading(self._database) as connection:
            now, hour = await connection.fetchrow(sql.counts), await connection.fetchrow(sql.hour)
        return Counts(
            queued=Count.of(now["queued"]),
            scheduled=Count.of(now["scheduled"]),
            retrying=Count.of(now["retrying"]),
            running=now["running"],
            hour=dict(hour),
        )

    async def _rows(self, statement: str, *args: Any) -> list[Any]:
        async with reading(self._database) as connection:
            rows: list[Any] = await connection.fetch(statement, *args)
            return rows


def _last(row: Any) -> LastRun | None:
    if row["last_state"] is None:
        return None
    return LastRun(id=row["last_id"], state=RunState(row["last_state"]), finished_at=row["last_finished_at"])


def _without(row: Any, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _job(row: Any) -> JobReport:
    return JobReport(**_without(row, "last_id", "last_state", "last_finished_at"), last=_last(row))


def _schedule(row: Any, outcomes: tuple[LastRun, ...]) -> ScheduleReport:
    schedule = read_spec(row["name"], row["job"], row["spec"])
    return ScheduleReport(
        **_without(row, "spec", "args", "last_id", "last_state", "last_finished_at"),
        cron=schedule.cron,
        every_seconds=schedule.every.total_seconds() if schedule.every else None,
        at=schedule.at,
        timezone=schedule.timezone,
        description=_described(schedule),
        last=_last(row),
        outcomes=outcomes,
    )


def _described(schedule: Schedule) -> str:
    try:
        return schedule.describe()
    except ValueError:  # a row that another version of jobd has written
        return ""


def _queue(row: Any) -> QueueReport:
    return QueueReport(
        **_without(row, "node_max", "queued", "blocked", "scheduled"),
        max=row["node_max"],
        queued=Count.of(row["queued"]),
        blocked=Count.of(row["blocked"]),
        scheduled=Count.of(row["scheduled"]),
    )


def _node(row: Any) -> NodeReport:
    state = row["state"] if not row["lost"] else "left" if row["left_at"] else "lost"
    return NodeReport(**_without(row, "lost", "state"), state=state)
