"""Runs that failed, with the rows that their attempts leave."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from serving import SmallDaemon

from jobd.model.run import NewRun

TRACEBACK = """\
Traceback (most recent call last):
  File "/srv/shop/mail.py", line 41, in send
    await client.send(message)
  File "/srv/shop/smtp.py", line 77, in reply
    async with asyncio.timeout(10):
TimeoutError: no reply within 10 s
"""


async def tried(
    daemon: SmallDaemon,
    run: int,
    attempt: int,
    outcome: str = "failed",
    *,
    error: str | None,
    traceback: str | None = None,
) -> None:
    """An attempt of twelve seconds that ended just now, and not well."""
    await daemon.database.execute(
        "insert into jobd.attempts (run_id, attempt, node, started_at, finished_at, outcome, error, traceback)"
        " values ($1, $2, 7, now() - interval '12 s', now(), $3, $4, $5)",
        run, attempt, outcome, error, traceback,
    )  # fmt: skip


async def failed(
    daemon: SmallDaemon,
    job: str = "mail",
    *,
    error: str = "TimeoutError: no reply",
    traceback: str | None = TRACEBACK,
    ago: timedelta = timedelta(0),
    **more: Any,
) -> int:
    """A run that failed so long ago, at its only attempt."""
    run, _ = await daemon.enqueue(NewRun(job=job, **more))
    await daemon.ended(run, "failed", error=error)
    await daemon.database.execute(
        "update jobd.history set finished_at = finished_at - $2::interval, started_at = finished_at - $2::interval,"
        " due_at = due_at - $2::interval, created_at = created_at - $2::interval where id = $1",
        run, ago,
    )  # fmt: skip
    await daemon.database.execute(
        "insert into jobd.attempts (run_id, attempt, node, started_at, finished_at, outcome, error, traceback)"
        " select id, 1, 7, started_at, finished_at, 'failed', error, $2 from jobd.history where id = $1",
        run, traceback,
    )  # fmt: skip
    return run


async def failing(
    daemon: SmallDaemon, job: str = "mail", *, error: str = "TimeoutError: no reply", traceback: str | None = TRACEBACK
) -> int:
    """A run whose first attempt has just failed; the next comes in some four minutes."""
    run, _ = await daemon.enqueue(NewRun(job=job))
    await daemon.database.execute(
        "update jobd.runs set state = 'scheduled', attempt = 1, due_at = now() + interval '4 min 40 s' where id = $1",
        run,
    )
    await tried(daemon, run, 1, error=error, traceback=traceback)
    return run
