"""Mails on demand, to one or to many, and reminders of subscriptions that end soon."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypedDict

from jobd import Context, statements
from jobd.clients.templates import templates

sql = statements(__package__, "send_email")

REMINDER = "subscription-reminder"


class Body(TypedDict):
    text: str | None
    html: str | None


async def send_email(ctx: Context, to: str, subject: str, body: str, is_html: bool = False) -> None:
    """Put one mail in the outbox; the run ends in the same transaction, so a second attempt sends no second mail.

    Raises:
        ValueError: the address or the subject cannot be a mail's.
    """
    async with ctx.transaction() as tx:
        await ctx.mail(tx, to=to, subject=subject, kind="email", **_body(body, is_html))
        ctx.count(done=1)


async def send_bulk_email(
    ctx: Context, recipients: list[str], subject: str, body: str, is_html: bool = False
) -> dict[str, int]:
    """One mail for each recipient in the outbox, all in the transaction that ends the run; counts of them.

    An address that stands twice gets one mail. One that is no address is logged, counts as failed and stops
    nobody else's mail.

    Raises:
        ValueError: not one mail could be made.
    """
    totals = {"mailed": 0, "repeated": 0, "refused": 0}
    seen: set[str] = set()
    async with ctx.transaction() as tx:
        for number, to in enumerate(recipients, 1):
            outcome = await _one_of_many(ctx, tx, seen, to, subject, _body(body, is_html))
            totals[outcome] += 1
            ctx.progress(number, len(recipients))
        if recipients and not totals["mailed"]:
            raise ValueError("none of the recipients could be mailed; the log says why for each")
        ctx.count(done=totals["mailed"], skipped=totals["repeated"], failed=totals["refused"])
        ctx.result = totals
    return totals


async def _one_of_many(ctx: Context, tx: Any, seen: set[str], to: str, subject: str, body: Body) -> str:
    local, _, domain = to.strip().rpartition("@")
    address = f"{local}@{domain.lower()}"
    if address in seen:
        return "repeated"
    seen.add(address)
    try:
        await ctx.mail(tx, to=to.strip(), subject=subject, kind="bulk-email", **body)
    except ValueError as problem:
        ctx.log.warning("recipient not mailed", extra={"reason": str(problem)})
        return "refused"
    return "mailed"


async def send_expiry_reminders(ctx: Context, *, days: int = 7, batch: int = 500) -> dict[str, Any]:
    """Remind the owners of active subscriptions that end within `days`; counts of them.

    Once for each subscription and end date, however often this runs; a subscription that was renewed is reminded
    again of its new end. Each batch is one transaction.
    """
    if days < 1 or batch < 1:
        raise ValueError("days and batch must be at least 1")
    totals: Counter[str] = Counter()
    last = 0
    while not ctx.cancelled:
        page = await ctx.db.fetch(sql.ending, last, days, batch)
        if not page:
            break
        last = page[-1]["id"]
        async with ctx.db.transaction() as tx:
            outcomes = Counter([await _remind(ctx, tx, row) for row in page])
        ctx.count(done=outcomes["reminded"], skipped=outcomes["reminded_before"], failed=outcomes["refused"])
        totals += outcomes
        ctx.progress(totals.total(), note=f"up to subscription {last}")
    return {**dict.fromkeys(("reminded", "reminded_before", "refused"), 0), **totals}


async def _remind(ctx: Context, tx: Any, row: Any) -> str:
    mail = templates("jobd.jobs").render(
        "subscription_reminder",
        customer=row["full_name"] or "there",
        plan=row["plan"] or "current",
        end_date=row["end_date"],
        auto_renewal=row["auto_renewal"],
    )
    try:
        stored = await ctx.mail(
            tx,
            to=(row["email"] or "").strip(),
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            kind=REMINDER,
            key=f"{row['id']} {row['end_date'].isoformat()}",
        )
    except ValueError as problem:
        ctx.log.warning("owner not reminded", extra={"subscription": row["id"], "reason": str(problem)})
        return "refused"
    return "reminded" if stored is not None else "reminded_before"


def _body(body: str, is_html: bool) -> Body:
    return {"text": None, "html": body} if is_html else {"text": body, "html": None}
