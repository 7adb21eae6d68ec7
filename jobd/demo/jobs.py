"""The demo's own job, written as any user's: it fails on purpose, and is tried again until it works."""

from __future__ import annotations

from jobd import Context, statements

sql = statements(__package__, "jobs")

FAILURES = 2


class BankUnreachable(Exception):
    """The bank's server did not answer: made up, as is the bank."""


async def import_exchange_rates(ctx: Context) -> dict[str, int]:
    """The number of rates, at the third attempt; each attempt leaves a row of its own in the application's table."""
    if ctx.attempt <= FAILURES:
        await ctx.db.execute(sql.note, ctx.run_id, ctx.attempt, "unreachable")
        raise BankUnreachable(f"the bank did not answer (attempt {ctx.attempt}; on purpose)")
    await ctx.db.execute(sql.note, ctx.run_id, ctx.attempt, "imported")
    ctx.count(done=3)
    return {"rates": 3}
