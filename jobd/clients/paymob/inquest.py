"""Asks the gateway until the evidence about one order is enough to judge it."""

from __future__ import annotations

from jobd.clients.paymob.client import PaymobClient
from jobd.clients.paymob.errors import NoSuchTransaction
from jobd.clients.paymob.transaction import Transaction
from jobd.clients.paymob.verdict import Evidence

DEEPEST = 5
"""A refund of a capture of an authorisation is three deep; a longer chain is no chain."""


async def evidence_about(client: PaymobClient, order_id: str) -> Evidence | None:
    """What the gateway says about an order, ready for `judge`: one request, or a few when it is complicated.

    None when nobody has tried to pay.

    Raises:
        GatewayUnavailable: a part of the evidence could not be had, so nothing may be judged.
        GatewayRefused: the credentials are wrong; no order can be asked about.
    """
    try:
        last = await client.inquire(order_id=order_id)
    except NoSuchTransaction:
        return None
    parent = await _payment_behind(client, last) if last.child else None
    return Evidence(last=last, parent=parent, attempts=await _attempts(client, order_id, parent or last))


async def _payment_behind(client: PaymobClient, found: Transaction) -> Transaction | None:
    """The payment that `found`, a refund, void or capture, changes in the end; None when lost."""
    for _ in range(DEEPEST):
        if not found.child:
            break
        if found.parent is None:
            return None
        try:
            found = await client.transaction(found.parent)
        except NoSuchTransaction:
            return None
    return None if found.child else found


async def _attempts(client: PaymobClient, order_id: str, judged: Transaction) -> tuple[Transaction, ...] | None:
    """All attempts on the order when the judged one was declined; None otherwise, or without a list."""
    if judged.child or judged.pending or judged.success or judged.voided or judged.refunded:
        return None
    try:
        return await client.transactions(order_id)
    except NoSuchTransaction:
        return None
