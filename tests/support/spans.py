"""Executions as spans of Postgres' clock, to see afterwards how many of them went on at once."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from jobd import Context
from support.jobs import OBSERVER_VARIABLE

SPANS = """
create table spans (
    run bigint, attempt integer, job text, queue text, key text, pid integer,
    started_at timestamptz default clock_timestamp(), finished_at timestamptz, primary key (run, attempt)
)
"""

MOST_AT_ONCE = """
select coalesce(max(n), 0)::int from (
    select sum(step) over (partition by grouping order by at, step) as n
    from (select case $1 when 'key' then job || ':' || key when 'job' then job else queue end as grouping,
                 started_at as at, 1 as step from spans
          union all
          select case $1 when 'key' then job || ':' || key when 'job' then job else queue end,
                 coalesce(finished_at, 'infinity'), -1 from spans) edges
    where grouping = any($2::text[])) counts
"""


async def spanned(ctx: Context, *, key: str = "", seconds: float = 0.02) -> None:
    """Writes when it began and when it was through; both lie inside the time in which it counts as running."""
    connection, turn = await ctx.resource("spans", _connected)
    async with turn:
        await connection.execute(
            "insert into spans (run, attempt, job, queue, key, pid) values ($1, $2, $3, $4, $5, $6)",
            ctx.run_id, ctx.attempt, ctx.job, ctx.queue, key, os.getpid(),
        )  # fmt: skip
    await asyncio.sleep(seconds)
    async with turn:
        await connection.execute(
            "update spans set finished_at = clock_timestamp() where run = $1 and attempt = $2", ctx.run_id, ctx.attempt
        )


async def _connected() -> tuple[Any, asyncio.Lock]:
    import asyncpg

    return await asyncpg.connect(os.environ[OBSERVER_VARIABLE]), asyncio.Lock()


async def most_at_once(db: Any, what: str, *names: str) -> int:
    """The most executions of one `key` (as job:key), `job` or `queue` that ever went on at the same instant."""
    return await db.fetchval(MOST_AT_ONCE, what, list(names))


async def ended_with(db: Any, pid: int, instant: Any) -> None:
    """What that process had not finished when it was killed ended then."""
    await db.execute(
        "update spans set finished_at = greatest(started_at, $2) where pid = $1 and finished_at is null", pid, instant
    )
