"""The facts behind `why`: one moment around one run, job, queue or schedule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jobd.errors import NotFound
from jobd.model.duration import spoken
from jobd.model.reports import Count, LastRun
from jobd.model.run import Run, RunState
from jobd.model.why import Ahead, Holder, NodeFacts, Pause, QueueFacts
from jobd.model.why_job import JobMoment, ScheduleFacts
from jobd.model.why_others import Missed, QueueMoment, ScheduleMoment
from jobd.model.why_run import JobFacts, Limit, RunFacts
from jobd.statements import statements
from jobd.store.database import Database
from jobd.store.reading import reading

if TYPE_CHECKING:
    from jobd.store.views import Views

sql = statements("jobd.store.sql", "why")


class Circumstances:
    """Reads what `why` is made of. Each raises StoreUnavailable when Postgres is gone or takes over two seconds."""

    def __init__(self, database: Database, views: Views) -> None:
        self._database = database
        self._views = views

    async def of_run(self, run_id: int) -> RunFacts:
        """One moment around one run, live or ended.

        Raises:
            NotFound: there is no such run.
        """
        run = await self._views.runs.one(run_id)
        async with reading(self._database) as tx:
            row = await tx.fetchrow(sql.run, run_id)
            if row is None:  # it has ended, perhaps since it was read
                ended = run if run.state.final else await self._views.runs.one(run_id)
                return RunFacts(run=ended, now=await tx.fetchval("select now()"))
            return await _live(tx, run, row)

    async def of_job(self, name: str) -> JobMoment:
        """One moment around one job; its oldest waiting run is looked at right after it.

        Raises:
            NotFound: there is no such job.
        """
        async with reading(self._database) as tx:
            row = await tx.fetchrow(sql.job, name)
            if row is None:
                raise NotFound(f"there is no job {name}")
            moment = await _of_job(tx, row)
        if row["oldest"] is None:
            return moment
        try:
            oldest = await self.of_run(row["oldest"])
        except NotFound:  # it has ended since, and history keeps none of its kind
            return moment
        return replace(moment, oldest=oldest)

    async def of_queue(self, name: str) -> QueueMoment:
        """One moment around one queue.

        Raises:
            NotFound: there is no such queue.
        """
        reports = await self._views.queues(name)
        async with reading(self._database) as tx:
            row = await tx.fetchrow(sql.queue, name)
            if row is None or not reports:
                raise NotFound(f"there is no queue {name}")
            report, nodes = reports[0], await _nodes(tx, name, None)
            return QueueMoment(
                queue=_queue(row),
                now=row["now"],
                queued=report.queued,
                blocked=report.blocked,
                oldest_seconds=report.oldest_seconds,
                nodes=nodes,
                holders=(await _holders(tx, queue=name))[0],
                busy=await _busy(tx, nodes, row["now"]),
            )

    async def of_schedule(self, name: str) -> ScheduleMoment:
        """One moment around one schedule.

        Raises:
            NotFound: there is no such schedule.
        """
        reports = await self._views.schedules(name)
        if not reports:
            raise NotFound(f"there is no schedule {name}")
        schedule = reports[0]
        async with reading(self._database) as tx:
            missed = await tx.fetchrow(sql.missed, name)
            return ScheduleMoment(
                schedule=schedule,
                now=await tx.fetchval("select now()"),
                nodes=await _nodes(tx, "", None),
                missed=Missed(at=missed["finished_at"], reason=missed["reason"] or "") if missed else None,
                last_error=await tx.fetchval(sql.last_error, schedule.last.id) if schedule.last else None,
            )


async def _live(tx: Any, run: Run, row: Any) -> RunFacts:
    now, nodes = row["now"], await _nodes(tx, run.queue, run.job)
    queue = await tx.fetchrow(sql.queue, run.queue)
    facts: dict[str, Any] = {"run": run, "now": now, "nodes": nodes, "job": _job(row)}
    facts["queue"] = _queue(queue) if queue else None
    if run.state is not RunState.QUEUED:
        return RunFacts(**facts)
    takers = [node for node in nodes if node.serves and node.knows]
    return RunFacts(
        **facts,
        claimed_at=row["claimed_at"],
        crashes=row["crashes"],
        blocked=row["blocked"],
        limits=await _limits(tx, run, row),
        holders=(await _holders(tx, queue=run.queue, but=run.id))[0],
        suspects=(await _holders(tx, suspect=True, but=run.id))[0] if row["crashes"] else (),
        ahead=await _ahead(tx, run, row),
        busy=await _busy(tx, takers, now),
        elsewhere=await tx.fetchval(sql.elsewhere, run.queue, run.job),
    )


async def _of_job(tx: Any, row: Any) -> JobMoment:
    name, now = row["name"], row["now"]
    queue, nodes = await tx.fetchrow(sql.queue, row["queue"]), await _nodes(tx, row["queue"], name)
    limit, ended = None, await tx.fetch(sql.ended, name)
    if row["global_max"] is not None:
        holders, held = await _holders(tx, job=name)
        limit = Limit(what=f"job {name}", max=row["global_max"], held=held, holders=holders)
    return JobMoment(
        job=JobFacts(name=name, enabled=row["enabled"], disabled_reason=row["disabled_reason"]),
        queue_name=row["queue"],
        now=now,
        queue=_queue(queue) if queue else None,
        nodes=nodes,
        holders=(await _holders(tx, queue=row["queue"]))[0],
        busy=await _busy(tx, [node for node in nodes if node.serves and node.knows], now),
        limit=limit,
        key=".".join(row["limit_path"]) if row["limit_path"] else None,
        key_max=row["limit_max"],
        running=row["running"],
        queued=Count.of(row["queued"]),
        scheduled=Count.of(row["scheduled"]),
        ended=tuple(_last(one) for one in ended),
        last_error=ended[0]["error"] if ended else None,
        schedules=tuple(_schedule(one) for one in json.loads(row["schedules"])),
        schedule_count=row["schedule_count"],
    )


def _schedule(one: dict[str, Any]) -> ScheduleFacts:
    slot = datetime.fromisoformat(one["next_slot"]) if one["next_slot"] else None
    return ScheduleFacts(name=one["name"], enabled=one["enabled"], paused=one["paused"], next_slot=slot)


def _last(row: Any) -> LastRun:
    return LastRun(id=row["id"], state=RunState(row["state"]), finished_at=row["finished_at"])


def _job(row: Any) -> JobFacts | None:
    if row["known"] is None:
        return None
    return JobFacts(name=row["known"], enabled=row["enabled"], disabled_reason=row["disabled_reason"])


async def _limits(tx: Any, run: Run, row: Any) -> tuple[Limit, ...]:
    """The limits that this run is under, the one of its key first."""
    found = []
    if row["limit_key"] is not None and row["limit_max"] is not None:
        holders, held = await _holders(tx, key=row["limit_key"], but=run.id)
        found.append(Limit(what=_key_words(run, row), max=row["limit_max"], held=held, holders=holders))
    if row["global_max"] is not None:
        holders, held = await _holders(tx, job=run.job, but=run.id)
        found.append(Limit(what=f"job {run.job}", max=row["global_max"], held=held, holders=holders))
    return tuple(found)


def _key_words(run: Run, row: Any) -> str:
    """`user_id=42` for a limit by argument, else the job's name."""
    if not row["limit_path"]:
        return f"job {run.job}"
    value: Any = run.args  # as it is shown: it may be masked
    for name in row["limit_path"]:
        value = value.get(name) if isinstance(value, dict) else None
    return f"{'.'.join(row['limit_path'])}={value}"


async def _nodes(tx: Any, queue: str, job: str | None) -> tuple[NodeFacts, ...]:
    rows = await tx.fetch(sql.nodes, queue, job)
    return tuple(NodeFacts(**{**dict(row), "load": json.loads(row["load"])}) for row in rows)


async def _holders(
    tx: Any,
    *,
    key: str | None = None,
    job: str | None = None,
    queue: str | None = None,
    nodes: Sequence[int] | None = None,
    suspect: bool | None = None,
    but: int = 0,
) -> tuple[tuple[Holder, ...], int]:
    """Up to three running runs, the longest first, and how many there are."""
    rows = await tx.fetch(sql.holders, key, job, queue, nodes, suspect, but)
    holders = tuple(Holder(id=row["id"], job=row["job"], node=row["node"], since=row["since"]) for row in rows)
    return holders, rows[0]["n"] if rows else 0


async def _ahead(tx: Any, run: Run, row: Any) -> Ahead | None:
    """Who goes before it in its queue; None when it is the next."""
    found = await tx.fetchrow(sql.ahead, run.queue, row["priority"], row["due_at"], run.id, row["limit_key"])
    return Ahead(**dict(found)) if found else None


async def _busy(tx: Any, nodes: Sequence[NodeFacts], now: Any) -> str:
    """`3 × mail, 1 × backup, the longest run 812 for 14m`."""
    ids = [node.id for node in nodes]
    jobs = await tx.fetch(sql.busy, ids)
    longest, _ = await _holders(tx, nodes=ids)
    told = ", ".join(f"{row['n']} × {row['job']}" for row in jobs)
    return f"{told}, the longest run {longest[0].id} for {spoken(now - longest[0].since)}" if longest else told


def _queue(row: Any) -> QueueFacts:
    pause = None
    if row["paused_at"] is not None:
        pause = Pause(at=row["paused_at"], by=row["paused_by"], until=row["paused_until"], reason=row["pause_reason"])
    return QueueFacts(
        name=row["name"],
        node_max=row["node_max"],
        global_max=row["global_max"],
        running=row["running"],
        paused=pause,
        reserves=json.loads(row["reserves"]),
    )
