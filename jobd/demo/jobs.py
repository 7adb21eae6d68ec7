"""The demo's own jobs, written as any user's. What fails here is staged, and says so."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from jobd import Context, statements

sql = statements(__package__, "jobs")

FAILURES = 2
EVERY_OTHER = 3
"""The bank has no statement at the first of so many tries, and there is no second attempt."""
PAGES, DAYS = 20, 60
PAGE_SECONDS, DAY_SECONDS = 0.12, 0.2


class BankUnreachable(Exception):
    """The bank's server did not answer: made up, as is the bank."""


async def import_exchange_rates(ctx: Context) -> dict[str, int]:
    """The number of rates, after two failures; each attempt leaves a row of its own in the application's table."""
    if await ctx.db.fetchval(sql.note, ctx.run_id, ctx.attempt, FAILURES) == "unreachable":
        raise BankUnreachable(f"staged: the bank is unreachable now and then (attempt {ctx.attempt}; on purpose)")
    ctx.count(done=3)
    return {"rates": 3}


async def fetch_bank_statement(ctx: Context) -> None:
    """Nothing but a row in the application's table; now and then the bank is away, and the run fails for good."""
    if await ctx.db.fetchval(sql.fetch, ctx.run_id, EVERY_OTHER) == "unreachable":
        raise BankUnreachable("staged: the bank is unreachable now and then (no retries; on purpose)")
    ctx.count(done=1)


async def write_invoice(ctx: Context, number: int) -> None:
    """One invoice, page by page: it takes a while as long as somebody looks."""
    for page in range(1, PAGES + 1):
        await _pause(ctx, PAGE_SECONDS)
        ctx.progress(page, PAGES, note="page")
    await ctx.db.execute(sql.write_invoice, number)
    ctx.count(done=1)


async def build_report(ctx: Context) -> dict[str, str]:
    """What came in during the last days, added up day by day."""
    total = Decimal(0)
    for day in range(1, DAYS + 1):
        if ctx.cancelled:
            break
        total += await ctx.db.fetchval(sql.figures, day)
        ctx.progress(day, DAYS, note=f"{day} days back")
        await _pause(ctx, DAY_SECONDS)
    return {"total": str(total)}


async def _pause(ctx: Context, seconds: float) -> None:
    if not await ctx.db.fetchval(sql.in_a_hurry):
        await ctx.sleep(timedelta(seconds=seconds))
