"""Writes the gateway's verdict on one payment down: once, whole, and only while the payment still waits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from jobd import Context, statements
from jobd.clients.paymob import (
    MINOR_UNITS,
    Evidence,
    GatewayUnavailable,
    Judgement,
    Payment,
    Verdict,
)

sql = statements(__package__, "settle_payment")

Answer = Evidence | GatewayUnavailable | None
_REFUNDS = (Verdict.REFUNDED, Verdict.PARTIALLY_REFUNDED)
_ENDS = (Verdict.FAILED, Verdict.EXPIRED)


class RowRefused(Exception):
    """This payment alone cannot be settled; nothing of it was changed, and the next one may well be."""


def waiting_payment(row: Any) -> Payment:
    """Our side of a payment, from a row of `due_payments`."""
    return Payment(
        order_id=row["paymob_order_id"].strip(),
        amount=row["amount"],
        currency=row["currency"],
        age=row["age"],
        method=row["payment_method"],
    )


async def settle(ctx: Context, row: Any, judgement: Judgement, answer: Answer) -> bool:
    """True when this call settled the payment, false when somebody else was faster. One transaction.

    Raises:
        RowRefused: its gateway transaction pays for another payment, or the application's schema objects.
    """
    known = (row["id"], row["status"], row["amount"], row["currency"], row["paymob_order_id"])
    try:
        async with ctx.db.transaction() as tx:
            number = await _booked(tx, row["id"], judgement)
            changed = await tx.fetchval(sql.settle, *known, *_changes(judgement, number, answer))
    except Exception as refusal:
        # whatever the driver calls it: the data, a constraint or a trigger refused this row, and no other
        if str(getattr(refusal, "sqlstate", "")).startswith(("22", "23", "P0")):
            # the message alone: the driver's full text quotes the row
            raise RowRefused(str(getattr(refusal, "message", "")) or type(refusal).__name__) from refusal
        raise
    return changed is not None


async def _booked(tx: Any, payment: Any, judgement: Judgement) -> str | None:
    """The gateway transaction to write down, reserved for this payment until `tx` ends; None for none."""
    if judgement.transaction is None:
        return None
    number = str(judgement.transaction.id)
    await tx.execute(sql.lock_transaction, number)
    if not await tx.fetchval(sql.booked_elsewhere, number, payment):
        return number
    if judgement.verdict is Verdict.FAILED:
        return None  # no money is in it: two payments of one declined order fail both
    raise RowRefused("its gateway transaction already pays for another payment")


def _changes(judgement: Judgement, number: str | None, answer: Answer) -> tuple[Any, ...]:
    """The parameters $6 to $14 of `settle`."""
    verdict, found = judgement.verdict, judgement.transaction
    paid = found is not None and found.success and verdict in (Verdict.COMPLETED, *_REFUNDS)
    paid_at = (found.paid_at or found.created_at) if paid and found is not None else None
    reason = judgement.reason if verdict in (*_ENDS, Verdict.CANCELLED) else None
    refunded, refunded_at, refund = verdict in _REFUNDS, None, None
    if refunded and found is not None:
        refund = Decimal(found.refunded_amount or found.amount) / MINOR_UNITS.get(found.currency, 100)
        if isinstance(answer, Evidence) and answer.last.refund:
            refunded_at = answer.last.created_at
    return verdict.value, number, paid, paid_at, verdict in _ENDS, reason, refunded, refunded_at, refund
