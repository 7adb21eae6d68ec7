"""One attempt to pay, as the gateway tells it; read strictly from its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from jobd.clients.paymob import strict
from jobd.clients.paymob.errors import GatewayUnreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a transaction says about its order; amounts are in minor units."""

    id: str
    merchant_order_id: str | None = None
    amount: int | None = None
    paid: int | None = None
    """What was paid on it, over all its transactions; absent in some answers."""
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One transaction; amounts are in minor units (piastres), times aware UTC.

    A refund, a void and a capture are transactions of their own, children of the one they change.
    """

    id: int
    order: Order
    amount: int
    currency: str
    pending: bool
    success: bool
    created_at: datetime | None = None
    paid_at: datetime | None = None
    authorisation: bool = False
    """Money is held, not yet taken, until `captured`."""
    captured: bool = False
    captured_amount: int = 0
    voided: bool = False
    refunded: bool = False
    refunded_amount: int = 0
    live: bool | None = None
    integration_id: int | None = None
    child: bool = False
    refund: bool = False
    """It is itself the refund of `parent`."""
    parent: int | None = None
    message: str | None = None
    """Why it was approved or declined, in the words of the bank."""


def transaction(fields: Mapping[str, Any], zone: tzinfo) -> Transaction:
    """A transaction from the gateway's object, bare or wrapped in `{"type": "TRANSACTION", "obj": …}`.

    Unknown fields are ignored; those that decide about money must be there.

    Raises:
        GatewayUnreadable: a field that decides is missing, or any field is of the wrong type.
    """
    if isinstance(wrapped := fields.get("obj"), dict):
        fields = wrapped
    refund, void = strict.flag(fields, "is_refund"), strict.flag(fields, "is_void")
    capture = strict.flag(fields, "is_capture")
    return Transaction(
        id=_required(fields, "id"),
        order=_order_of(fields),
        amount=_required(fields, "amount_cents"),
        currency=_currency(fields),
        pending=strict.flag(fields, "pending", required=True),
        success=strict.flag(fields, "success", required=True),
        created_at=strict.instant(fields, "created_at", zone),
        paid_at=strict.instant(fields, "paid_at", zone),
        authorisation=strict.flag(fields, "is_auth"),
        captured=strict.flag(fields, "is_captured"),
        captured_amount=strict.number(fields, "captured_amount") or 0,
        voided=strict.flag(fields, "is_voided"),
        refunded=strict.flag(fields, "is_refunded"),
        refunded_amount=strict.number(fields, "refunded_amount_cents") or 0,
        live=None if fields.get("is_live") is None else strict.flag(fields, "is_live"),
        integration_id=strict.number(fields, "integration_id"),
        child=strict.flag(fields, "has_parent_transaction") or refund or void or capture,
        refund=refund,
        parent=_parent_of(fields),
        message=strict.text(strict.nested(fields, "data"), "message"),
    )


def order(fields: Mapping[str, Any]) -> Order:
    """An order from the gateway's object.

    Raises:
        GatewayUnreadable: it has no id, or an amount is not one.
    """
    return Order(
        id=str(_required(fields, "id")),
        merchant_order_id=strict.text(fields, "merchant_order_id"),
        amount=strict.number(fields, "amount_cents"),
        paid=strict.number(fields, "paid_amount_cents"),
        currency=strict.text(fields, "currency"),
    )


def _order_of(fields: Mapping[str, Any]) -> Order:
    inside = fields.get("order")
    return order(inside) if isinstance(inside, dict) else Order(id=str(_required(fields, "order")))


def _parent_of(fields: Mapping[str, Any]) -> int | None:
    if isinstance(inside := fields.get("parent_transaction"), dict):
        return strict.number(inside, "id")
    return strict.number(fields, "parent_transaction")


def _required(fields: Mapping[str, Any], name: str) -> int:
    if (value := strict.number(fields, name)) is None:
        raise GatewayUnreadable(f"{name} is missing")
    return value


def _currency(fields: Mapping[str, Any]) -> str:
    value = fields.get("currency")
    if not (isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha()):
        raise GatewayUnreadable("currency is not a currency code")
    return value.upper()
