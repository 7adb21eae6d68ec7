"""What jobd.toml says, in Postgres: jobs, queues and schedules, each owned by the daemon name that loaded it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from jobd.model.change import Action, Actor, Line
from jobd.model.job import Job
from jobd.model.queue import Queue
from jobd.model.reload import Loaded
from jobd.model.schedule import Schedule
from jobd.statements import statements
from jobd.store.audit import note, write
from jobd.store.database import Database
from jobd.store.schedules import sql as schedule_sql
from jobd.store.schedules import write_spec

sql = statements("jobd.store.sql", "jobs")

Journal = Callable[[Loaded | None], Iterable[Line]]
"""What the files said at the load before, None when nobody knows → the lines of the journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Which copy of which database this is, beside what jobd remembers of it."""

    system_now: int
    system_known: int
    database_now: str
    database_known: str
    environment_known: str

    def mismatch(self, environment: str) -> str | None:
        """Why this is another copy than the one jobd worked on, or None when it is the same."""
        if self.system_now != self.system_known:
            return "the database server is another one than before (a restore or a copy)"
        if self.database_now != self.database_known:
            return f'the database was called "{self.database_known}", this one is "{self.database_now}" (a copy)'
        if environment != self.environment_known:
            return f'the schema belongs to environment "{self.environment_known}", this daemon is "{environment}"'
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """A database that was adopted: as it was known, and as it is."""

    system_was: int
    database_was: str
    environment_was: str
    system: int
    database: str
    environment: str

    def __str__(self) -> str:
        was = f"database {self.database_was} of server {self.system_was}, {self.environment_was}"
        return f"database {self.database} of server {self.system}, {self.environment} (it was {was})"


class Jobs:
    """Takes over what one daemon's jobd.toml says."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(
        self,
        owner: str,
        jobs: Iterable[Job],
        queues: Iterable[Queue],
        schedules: Iterable[Schedule],
        *,
        disabled: Mapping[str, str],
        unfit: Mapping[str, str] = MappingProxyType({}),
        tzdata: str,
        redact: Collection[str] = (),
        now_loaded: Loaded | None = None,
        journal: Journal = lambda known: (),
    ) -> None:
        """Make the rows of `owner` what its file says and write `journal`, in one transaction; other owners' rows stay.

        `journal` is asked for its lines with what the load before this one `now_loaded`.

        `disabled` holds the reason for each job that cannot run, `unfit` for each schedule that cannot fire. A
        schedule whose slots are unchanged keeps its cursor. Several nodes may load the same file at once.
        """
        by_job = {job.name: job for job in jobs}
        async with self._database.transaction() as tx:
            now: datetime = await tx.fetchval("select now()")
            await tx.executemany(sql.queue_load, [_queue_row(owner, queue) for queue in sorted_by_name(queues)])
            await tx.executemany(sql.load, [_job_row(owner, job, disabled) for job in sorted_by_name(by_job.values())])
            rows = [
                _schedule_row(
                    owner,
                    schedule,
                    by_job[schedule.job],
                    now,
                    disabled.get(schedule.job) or unfit.get(schedule.name),
                    tzdata,
                )
                for schedule in sorted_by_name(schedules)
            ]
            await tx.executemany(schedule_sql.load, rows)
            await tx.execute(schedule_sql.forget, owner, [row[0] for row in rows])
            await tx.execute(sql.forget, owner, list(by_job))
            await tx.execute(sql.queue_forget, owner, [queue.name for queue in queues])
            await tx.execute(sql.redact, owner, list(redact))
            await tx.execute(sql.changed)
            known = await tx.fetchrow(sql.known, owner)
            before = None if known is None else Loaded(digest=known["digest"], shown=json.loads(known["shown"]))
            if now_loaded is not None:
                await tx.execute(sql.remember, owner, now_loaded.digest, json.dumps(dict(now_loaded.shown)))
            for line in journal(before):
                await write(tx, line)

    async def missing_tables(self, schema: str, names: Sequence[str]) -> set[str]:
        """Which of these application tables do not exist in `schema`."""
        rows = await self._database.fetch(sql.missing_tables, schema, names)
        return {row["name"] for row in rows}

    async def copy(self, environment: str) -> Copy:
        """Which copy of the database this is; the first daemon to ask writes it down."""
        row = await self._database.fetchrow(sql.meta, environment)
        assert row is not None
        return Copy(**row)

    async def adopt(self, environment: str, who: Actor, reason: str | None = None) -> Adopted | None:
        """This copy is the one to work on from now on; journalled. None where no daemon has worked on it yet."""
        async with self._database.transaction() as tx:
            if (row := await tx.fetchrow(sql.adopt, environment)) is None:
                return None  # the first one takes it as it is
            was = {"system": str(row["system_was"]), "database": row["database_was"]}
            now = {"system": str(row["system"]), "database": row["database"]}
            await note(
                tx, who, Action.DATABASE_ADOPT, row["database"], reason=reason,
                before={**was, "environment": row["environment_was"]},
                after={**now, "environment": row["environment"]},
            )  # fmt: skip
            return Adopted(**row)


def sorted_by_name(things: Iterable[Any]) -> list[Any]:
    """In the order in which every node locks rows."""
    return sorted(things, key=lambda thing: thing.name)


def _queue_row(owner: str, queue: Queue) -> tuple[Any, ...]:
    return (queue.name, owner, queue.weight, queue.max, queue.global_max, queue.reserve, queue.strict)


def _job_row(owner: str, job: Job, disabled: Mapping[str, str]) -> tuple[Any, ...]:
    reason = disabled.get(job.name) or (None if job.enabled else "disabled in the configuration")
    limit, unique = job.concurrency, job.unique
    return (
        job.name,
        owner,
        job.queue,
        job.priority,
        job.retry.retries,
        json.dumps(dict(job.args)) if job.args else None,
        limit.key.split(".") if limit else None,
        limit.max if limit else None,
        job.global_max,
        list(unique.key) if unique else None,
        unique.within if unique else None,
        reason is None,
        reason,
        json.dumps({"run": job.run, "command": job.command, "description": job.description, "place": job.place}),
    )


def _schedule_row(
    owner: str, schedule: Schedule, job: Job, now: datetime, reason: str | None, tzdata: str
) -> tuple[Any, ...]:
    if reason is None and not job.enabled:
        reason = f'its job "{job.name}" is disabled in the configuration'
    if reason is None and not schedule.enabled:
        reason = "disabled in the configuration"
    first = schedule.at if schedule.at is not None else schedule.next_after(now)
    return (
        schedule.name,
        owner,
        schedule.job,
        write_spec(schedule),
        json.dumps(dict(schedule.args)) if schedule.args else None,
        reason is None,
        reason,
        first,
        schedule.place,
        tzdata,
    )
