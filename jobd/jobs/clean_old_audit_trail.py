"""Deletes old rows of the audit trail, a small batch at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jobd import Context, statements

sql = statements(__package__, "clean_old_audit_trail")

COUNTED = 1_000_000
"""Up to so many old rows are counted beforehand; beyond, the progress has no total."""


async def clean_old_audit_trail(
    ctx: Context, *, retention_days: int = 90, batch: int = 1000, pause_ms: int = 100
) -> dict[str, Any]:
    """Counts of the rows older than `retention_days` that were `deleted`, and `skipped` because they were locked.

    Each batch is its own transaction, with a pause between two; a run that is cancelled stops after its batch
    (`stopped` in the result) and the next one goes on from there.
    """
    if retention_days < 1 or batch < 1 or pause_ms < 0:
        raise ValueError("retention_days and batch must be at least 1, pause_ms at least 0")
    cutoff = await ctx.db.fetchval(sql.cutoff, retention_days)
    counted = await ctx.db.fetchval(sql.count_old, cutoff, COUNTED)
    total = counted if counted < COUNTED else None
    deleted = skipped = 0
    last: tuple[Any, Any] = (None, None)
    while not ctx.cancelled:
        done = await ctx.db.fetchrow(sql.delete_batch, cutoff, *last, batch)
        if done is None or not done["seen"]:
            break
        last = done["last_timestamp"], done["last_id"]
        passed_by = done["seen"] - done["deleted"]
        deleted, skipped = deleted + done["deleted"], skipped + passed_by
        ctx.count(done=done["deleted"], skipped=passed_by)
        ctx.progress(deleted + skipped, total)
        if done["seen"] < batch:
            break
        await ctx.sleep(timedelta(milliseconds=pause_ms))
    return {"deleted": deleted, "skipped": skipped, "older_than": cutoff.isoformat(), "stopped": ctx.cancelled}
