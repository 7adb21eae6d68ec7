"""Rows as nodes and applications leave them, for tests of the store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from jobd.model.job import Job
from jobd.model.queue import Queue
from jobd.model.run import Ending, NewRun, Outcome
from jobd.model.schedule import Schedule
from jobd.store import endings
from jobd.store.store import Store

QUEUES = [Queue(name=name) for name in ("default", "low", "urgent")]
EMPTIED = (
    "runs", "history", "attempts", "keys", "limits", "stats", "nodes", "schedules", "jobs", "queues", "meta", "outbox",
    "audit", "bulk", "scrubs", "redactions", "loads",
)  # fmt: skip
SECOND = timedelta(seconds=1)
LONG = timedelta(hours=1)


async def emptied(database: Any) -> None:
    """Every table of jobd without a row, in one round trip."""
    await database.execute("; ".join(f"delete from jobd.{table}" for table in EMPTIED))


async def loaded(
    store: Store, *jobs: Job, schedules: Iterable[Schedule] = (), owner: str = "test", **more: Any
) -> None:
    """These jobs are what the jobd.toml of `owner` says; without any it is one job named "job"."""
    await store.jobs.load(
        owner, jobs or [Job(name="job", command=("true",))], QUEUES, list(schedules), disabled={}, tzdata="1", **more
    )


async def node(store: Store, *, home: str = "home", lease: timedelta = LONG, direct: bool = False) -> int:
    """A node that is alive for as long as its lease."""
    return await store.database.fetchval(
        "insert into jobd.nodes (name, host, pid, home, version, workers, direct, lease_until)"
        " values ('n', 'h', 1, $1, '0', 1, $2, now() + $3::interval) returning id",
        home, direct, lease,
    )  # fmt: skip


async def added(store: Store, job: str = "job", **more: Any) -> int:
    (run,) = await store.runs.enqueue([NewRun(job=job, **more)])
    assert run is not None
    return run


async def claimed(store: Store, holder: int, count: int = 1, *, queue: str = "default", job: str = "job") -> list[Any]:
    return list(await store.runs.claim({queue: count}, [job], holder, starts=True))


async def expired(store: Store, holder: int) -> None:
    """The lease of this node has ended."""
    await store.database.execute("update jobd.nodes set lease_until = now() - interval '1 s' where id = $1", holder)


def ending(run: Any, holder: int, outcome: Outcome = Outcome.SUCCEEDED, **more: Any) -> Ending:
    """How an attempt of a quarter of a second ended just now."""
    plain = outcome is Outcome.SUCCEEDED and not more
    ended = Ending(run, holder, outcome, monotonic(), 0.25, 0.0)
    for name, value in {"plain": plain, **more}.items():
        setattr(ended, name, value)
    return ended


async def finish(connection: Any, holder: int, *ended: Ending) -> set[int]:
    """The runs that were really ended by these."""
    ours = await endings.finish(connection, holder, ended, endings.tally(ended), monotonic())
    return {one.run.id for one in ended} if ours is None else set(ours)


async def state(store: Store, run: int) -> str:
    """Where the run stands, live or ended."""
    return await store.database.fetchval(
        "select coalesce((select state from jobd.runs where id = $1), (select state from jobd.history where id = $1))",
        run,
    )


def ago(**length: float) -> datetime:
    return datetime.now(UTC) - timedelta(**length)
