"""An order's transactions as the gateway would show them, made from its scenario and changed by refunds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jobd.testing.paymob.scenario import Scenario, Story

CAIRO = ZoneInfo("Africa/Cairo")
UNITS = {"OMR": 1000}
MOST_TRANSACTIONS = 1000
"""Transaction ids are order id * 1000 + n: a script gives the same ids every time."""
OPTIONAL = (
    "integration_id", "is_live", "paid_at", "created_at", "captured_amount", "is_captured",
    "error_occured", "source_data", "data", "profile_id", "owner",
)  # fmt: skip


class Ledger:
    """One order at the gateway: its scenario, its transactions oldest first, and the faults it still has."""

    def __init__(self, number: str, told: Scenario) -> None:
        self.number, self.told = number, told
        self.transactions: list[dict[str, Any]] = []
        self.faults_left = told.faults
        self.overrides: dict[str, Any] = {}
        """Fields that every transaction is shown with, whatever it is."""
        self.minor = int(told.amount * UNITS.get(told.currency, 100))
        self._tell()

    @property
    def paid(self) -> int:
        """Minor units that stand paid on the order."""
        taken = [t for t in self.transactions if t["success"] and not t["has_parent_transaction"]]
        return sum(
            t["amount_cents"] - t["refunded_amount_cents"]
            for t in taken
            if not t["is_voided"] and (t["is_captured"] or not t["is_auth"])
        )

    def order(self) -> dict[str, Any]:
        """The order object."""
        other = 1 if self.told.story is Story.OTHER_ORDER else 0
        fields: dict[str, Any] = {
            "id": int(self.number) + other,
            "merchant_order_id": self.told.merchant_order_id,
            "amount_cents": self.minor,
            "currency": self.told.currency,
            "is_payment_locked": False,
            "items": [],
        }
        return fields if self.told.sparse else {**fields, "paid_amount_cents": self.paid}

    def show(self, transaction: dict[str, Any]) -> dict[str, Any]:
        """A transaction in the scenario's presentation."""
        told = self.told
        shown: dict[str, Any] = {**transaction, "order": self.order()}
        for name in ("created_at", "paid_at"):
            if isinstance(instant := shown[name], datetime):
                shown[name] = stamp(instant, offsets=told.offsets)
        if told.sparse:
            shown = {k: v for k, v in shown.items() if k not in OPTIONAL or v is True}
        if told.string_booleans:
            shown = {k: str(v).lower() if isinstance(v, bool) else v for k, v in shown.items()}
        shown |= self.overrides
        if told.extra:
            shown |= {"fees": "N/A", "x_unheard_of": {"nested": [1.5, None, "🙂"]}, "discount_details": []}
        return {"type": "TRANSACTION", "obj": shown} if told.wrapped else shown

    def attempt(self, *, success: bool = False, pending: bool = False, **changes: Any) -> dict[str, Any]:
        """Add one transaction, an hour after the one before."""
        after = len(self.transactions)
        at = self.told.at + timedelta(hours=after)
        message = "Approved" if success else "Pending" if pending else self.told.message
        transaction = {
            "id": int(self.number) * MOST_TRANSACTIONS + after + 1,
            "pending": pending,
            "success": success,
            "error_occured": not (success or pending),
            "amount_cents": self.minor,
            "currency": self.told.currency,
            "is_auth": False, "is_capture": False, "is_captured": False, "captured_amount": 0,
            "is_standalone_payment": True,
            "is_void": False, "is_voided": False,
            "is_refund": False, "is_refunded": False, "refunded_amount_cents": 0,
            "is_3d_secure": True,
            "is_live": self.told.live,
            "has_parent_transaction": False, "parent_transaction": None,
            "integration_id": self.told.integration_id,
            "profile_id": 164295, "owner": 302852,
            "created_at": at,
            "paid_at": at + timedelta(minutes=1) if success else None,
            "source_data": {"type": "card", "sub_type": "MasterCard", "pan": "2346"},
            "data": {"message": message, "txn_response_code": "APPROVED" if success else "DECLINED"},
            **changes,
        }  # fmt: skip
        self.transactions.append(transaction)
        return transaction

    def refund(self, parent: dict[str, Any], minor: int) -> dict[str, Any]:
        """Give `minor` back; `is_refunded` stays false until all of it is back, as at the real one."""
        parent["refunded_amount_cents"] += minor
        parent["is_refunded"] = parent["refunded_amount_cents"] >= parent["amount_cents"]
        return self._child(parent, is_refund=True, amount_cents=minor)

    def void(self, parent: dict[str, Any]) -> dict[str, Any]:
        """Undo a payment on the day it was made."""
        parent["is_voided"] = True
        return self._child(parent, is_void=True)

    def capture(self, parent: dict[str, Any], minor: int) -> dict[str, Any]:
        """Take money that was only held."""
        parent["is_captured"], parent["captured_amount"] = True, minor
        return self._child(parent, is_capture=True, amount_cents=minor)

    def _child(self, parent: dict[str, Any], **changes: Any) -> dict[str, Any]:
        links = {"has_parent_transaction": True, "parent_transaction": parent["id"]}
        return self.attempt(success=True, is_standalone_payment=False, **links, **changes)

    def _tell(self) -> None:
        match self.told.story:
            case Story.NO_ATTEMPT:
                pass
            case Story.PENDING_CARD:
                self.attempt(pending=True)
            case Story.PENDING_KIOSK:
                code = {"type": "aggregator", "sub_type": "AGGREGATOR", "pan": ""}
                self.attempt(pending=True, is_3d_secure=False, source_data=code)
            case Story.DECLINED:
                self.attempt()
            case Story.DECLINED_THEN_SUCCESS:
                self.attempt()
                self.attempt(success=True)
            case Story.SUCCESS_THEN_LATE_DECLINE:
                self.attempt(success=True)
                self.attempt()
            case Story.REFUND:
                self.refund(self.attempt(success=True), self.minor)
            case Story.PARTIAL_REFUND:
                third = self.told.amount / 3 if self.told.refunded is None else self.told.refunded
                self.refund(self.attempt(success=True), int(third * UNITS.get(self.told.currency, 100)))
            case Story.VOID:
                self.void(self.attempt(success=True))
            case Story.AUTHORISED:
                self.attempt(success=True, is_auth=True)
            case Story.CAPTURED:
                self.capture(self.attempt(success=True, is_auth=True), self.minor)
            case Story.WRONG_AMOUNT:
                self.attempt(success=True, amount_cents=self.minor + 1)
            case Story.WRONG_CURRENCY:
                self.attempt(success=True, currency="USD" if self.told.currency != "USD" else "EGP")
            case Story.OTHER_INTEGRATION:
                self.attempt(success=True, integration_id=self.told.integration_id + 1)
            case Story.LIVE_MISMATCH:
                self.attempt(success=True, is_live=not self.told.live)
            case Story.ORPHANED_REFUND:
                lost = int(self.number) * MOST_TRANSACTIONS + MOST_TRANSACTIONS - 1
                links: dict[str, Any] = {"has_parent_transaction": True, "parent_transaction": lost}
                self.attempt(success=True, is_refund=True, **links)
            case Story.SUCCESS | Story.OTHER_ORDER:
                self.attempt(success=True)


def stamp(instant: datetime, *, offsets: bool) -> str:
    """A time as the gateway writes it: local in Cairo, with the offset or (mostly) without."""
    local = instant.astimezone(CAIRO)
    return local.isoformat() if offsets else local.replace(tzinfo=None).isoformat(timespec="microseconds")
