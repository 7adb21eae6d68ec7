"""Rows that a daemon would write: statistics of a minute, schedules, nodes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from serving import SmallDaemon

from jobd.model.schedule import Schedule
from jobd.store.endings import BUCKETS, bucket
from jobd.store.schedules import write_spec


async def counted(
    daemon: SmallDaemon, job: str, *, queue: str = "default", ago: timedelta = timedelta(0), **facts: Any
) -> None:
    """One minute of a job: `succeeded`, `failed`, …; every attempt ran `run_ms` and waited `wait_ms`."""
    counts = {name: facts.get(name, 0) for name in ("succeeded", "failed", "cancelled", "skipped", "retried")}
    attempts = sum(counts.values()) - counts["skipped"]
    run_ms, wait_ms = facts.get("run_ms", 100.0), facts.get("wait_ms", 10.0)
    await daemon.database.execute(
        "insert into jobd.stats (minute, node, job, queue, succeeded, failed, cancelled, skipped, retried, run_ms, "
        "wait_ms, run_hist, wait_hist) "
        "values (date_trunc('minute', now() - $1::interval), 7, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        ago, job, queue, *counts.values(), run_ms * attempts, wait_ms * attempts,
        _histogram(run_ms, attempts), _histogram(wait_ms, attempts),
    )  # fmt: skip


async def scheduled(
    daemon: SmallDaemon, name: str, *, after: timedelta = timedelta(minutes=5), paused: bool = False
) -> None:
    """Every half an hour, next `after` now."""
    await daemon.database.execute(
        "insert into jobd.schedules (name, owner, job, spec, next_slot, paused_at) "
        "values ($1, 'test', 'tidy', $2, now() + $3::interval, case when $4 then now() end)",
        name, write_spec(Schedule(name=name, job="tidy", cron="*/30 * * * *")), after, paused,
    )  # fmt: skip


async def joined(daemon: SmallDaemon, node: int, *, name: str = "billing", workers: int = 10) -> None:
    """A node that beat just now."""
    await daemon.database.execute(
        "insert into jobd.nodes (id, name, host, pid, home, version, workers, direct, lease_until) "
        "overriding system value values ($1, $2, 'app-1', 4711, $2, '0.1.0', $3, true, now() + interval '15 s')",
        node, name, workers,
    )  # fmt: skip


def _histogram(milliseconds: float, count: int) -> list[int]:
    return [count if index == bucket(milliseconds) else 0 for index in range(BUCKETS)]
