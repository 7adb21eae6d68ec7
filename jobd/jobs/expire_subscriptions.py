"""Ends subscriptions that are past their date, and tells their owners."""

from __future__ import annotations

from collections import Counter
from typing import Any

from jobd import Context, statements
from jobd.clients.templates import templates

sql = statements(__package__, "expire_subscriptions")

KIND = "subscription-expired"


async def expire_subscriptions(ctx: Context, *, batch: int = 500) -> dict[str, Any]:
    """Counts of what was `expired`, `mailed`, expired `unmailed`, `skipped` and `refused`.

    Status, auto-renewal and the mail of a batch are one transaction. A subscription that somebody else has locked
    is skipped and left for the next run. One whose owner has no usable address expires all the same and counts as
    failed; one that the database refuses (a trigger, a constraint) is left alone, counts as failed, and does not
    stop the others. Safe to run again at any time, and beside itself.
    """
    if batch < 1:
        raise ValueError("batch must be at least 1")
    totals: Counter[str] = Counter(expired=0, mailed=0, unmailed=0, skipped=0, refused=0)
    last = 0
    while not ctx.cancelled:
        page = [row["id"] for row in await ctx.db.fetch(sql.ended, last, batch)]
        if not page:
            break
        last = page[-1]
        totals += await _page(ctx, page)
        ctx.progress(totals["expired"], note=f"up to subscription {last}")
    return {**dict.fromkeys(("expired", "mailed", "unmailed", "skipped", "refused"), 0), **totals}


async def _page(ctx: Context, page: list[Any]) -> Counter[str]:
    """Expire one page: all at once, or one by one when a row among them is refused."""
    try:
        return await _expire(ctx, page)
    except Exception as refusal:
        if not _refuses_a_row(refusal):
            raise
        if len(page) == 1:
            ctx.log.warning("subscription not expired", extra={"subscription": page[0], "error": str(refusal)})
            ctx.count(failed=1)
            return Counter(refused=1)
    totals: Counter[str] = Counter()
    for subscription in page:
        totals += await _page(ctx, [subscription])
    return totals


async def _expire(ctx: Context, page: list[Any]) -> Counter[str]:
    async with ctx.db.transaction() as tx:
        expired = await tx.fetch(sql.expire, page)
        mailed = [await _mail(ctx, tx, row) for row in expired]
    unmailed, skipped = mailed.count(False), len(page) - len(expired)
    ctx.count(done=len(expired) - unmailed, failed=unmailed, skipped=skipped)
    return Counter(expired=len(expired), mailed=len(expired) - unmailed, unmailed=unmailed, skipped=skipped)


async def _mail(ctx: Context, tx: Any, row: Any) -> bool:
    """Tell the owner; False when there is no address to write to."""
    mail = templates("jobd.jobs").render(
        "subscription_expired",
        customer=row["full_name"] or "there",
        plan=row["plan"] or "current",
        end_date=row["end_date"],
    )
    try:
        await ctx.mail(
            tx,
            to=(row["email"] or "").strip(),
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            kind=KIND,
            key=f"{row['id']} {row['end_date'].isoformat()}",
        )
    except ValueError as problem:
        ctx.log.warning("owner not told", extra={"subscription": row["id"], "reason": str(problem)})
        return False
    return True


def _refuses_a_row(error: Exception) -> bool:
    """Whether Postgres refused a row (its data, a constraint, a trigger) and would take others."""
    return str(getattr(error, "sqlstate", "")).startswith(("22", "23", "44", "P0"))
