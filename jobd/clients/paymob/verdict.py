"""What the gateway's answer means for a payment: one enum, one pure function, one order of rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from jobd.clients.paymob.errors import GatewayUnavailable
from jobd.clients.paymob.transaction import Transaction

MINOR_UNITS = {"OMR": 1000}
"""Minor units in one unit, where it is not 100 (the gateway's own WooCommerce plugin)."""
SLOW_METHODS = frozenset({"kiosk", "wallet", "cash"})
"""Paid with a code that people carry to a shop: an order without an attempt lives twice as long."""


class Verdict(StrEnum):
    """What a payment should be; the first eight are values of `payments.status`."""

    PENDING = "Pending"
    PROCESSING = "Processing"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    REFUNDED = "Refunded"
    PARTIALLY_REFUNDED = "PartiallyRefunded"
    EXPIRED = "Expired"
    REVIEW = "Review"  # the answer contradicts our books: a person must look
    UNKNOWN = "Unknown"  # no answer worth believing


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Our side of one payment; `amount` is in units of `currency`, `age` counts from its creation."""

    order_id: str
    amount: Decimal
    currency: str
    age: timedelta
    merchant_order_id: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may be believed, and how long to wait for a customer."""

    integration_ids: frozenset[int] = field(default_factory=frozenset)
    """Accepted integrations; empty accepts all."""
    live: bool | None = None
    """Only live (true) or only test (false) transactions; None accepts both."""
    fail_after: timedelta = timedelta(hours=24)
    expire_after: timedelta = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that the gateway said about one order."""

    last: Transaction
    parent: Transaction | None = None
    """The payment that `last` changes; present when `last` is a child and the gateway still has it."""
    attempts: tuple[Transaction, ...] | None = None
    """Every transaction of the order; asked for only when the judged one was declined, None otherwise."""

    @property
    def judged(self) -> Transaction | None:
        """The transaction that counts; None when it is a parent that could not be had."""
        return self.parent if self.last.child else self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict, why, and the transaction it rests on (absent when none does)."""

    verdict: Verdict
    reason: str
    transaction: Transaction | None = None


def judge(payment: Payment, answer: Evidence | GatewayUnavailable | None, policy: Policy) -> Judgement:
    """What `payment` should be after `answer`; None stands for "the gateway knows of no attempt".

    Pure, and total: every answer has a verdict. The rules apply in this order, and the first that fits
    decides.
    """
    if isinstance(answer, GatewayUnavailable):
        return Judgement(verdict=Verdict.UNKNOWN, reason=str(answer))
    if answer is None:
        return _without_attempt(payment, policy)
    if stranger := _not_ours(payment, answer.last, policy):
        return Judgement(verdict=Verdict.REVIEW, reason=stranger, transaction=answer.last)
    judged = answer.judged
    if judged is None:
        problem = "a refund, void or capture whose payment is not to be found"
        return Judgement(verdict=Verdict.REVIEW, reason=problem, transaction=answer.last)
    if judged is not answer.last and (stranger := _not_ours(payment, judged, policy)):
        return Judgement(verdict=Verdict.REVIEW, reason=stranger, transaction=judged)
    return _settled(payment, judged) or _declined(payment, judged, answer.attempts, policy)


def _without_attempt(payment: Payment, policy: Policy) -> Judgement:
    patience = policy.expire_after * (2 if (payment.method or "").lower() in SLOW_METHODS else 1)
    if payment.age > patience:
        return Judgement(verdict=Verdict.EXPIRED, reason="nobody tried to pay in time")
    return Judgement(verdict=Verdict.PENDING, reason="nobody has tried to pay yet")


def _not_ours(payment: Payment, found: Transaction, policy: Policy) -> str | None:
    """Why `found` cannot belong to `payment`; None when it does."""
    reference = payment.merchant_order_id
    if found.order.id != payment.order_id:
        return "the transaction belongs to another order"
    if reference and found.order.merchant_order_id != reference:
        return "the order carries another merchant reference"
    if policy.integration_ids and found.integration_id not in policy.integration_ids:
        return "the transaction came through an integration that is not ours"
    if policy.live is not None and found.live is not policy.live:
        return "a test transaction" if policy.live else "a live transaction where only tests belong"
    return None


def _settled(payment: Payment, found: Transaction) -> Judgement | None:
    """The verdict on a transaction that is pending, taken back or successful; None when it was declined."""
    if found.pending:
        verdict, reason = Verdict.PENDING, "the customer is not done yet"
    elif found.voided:
        verdict, reason = Verdict.CANCELLED, "voided at the gateway"
    elif found.refunded or 0 < found.amount <= found.refunded_amount:
        verdict, reason = Verdict.REFUNDED, "refunded at the gateway"
    elif 0 < found.refunded_amount < found.amount:
        verdict, reason = Verdict.PARTIALLY_REFUNDED, "partly refunded at the gateway"
    elif not found.success:
        return None
    elif found.authorisation and not found.captured:
        verdict, reason = Verdict.PROCESSING, "authorised, not yet captured"
    elif not _pays(payment, found):
        verdict, reason = Verdict.REVIEW, "paid, but another amount or currency than ours"
    else:
        verdict, reason = Verdict.COMPLETED, "paid"
    return Judgement(verdict=verdict, reason=reason, transaction=found)


def _pays(payment: Payment, found: Transaction) -> bool:
    # of an authorisation only the captured part was paid
    paid = found.captured_amount if found.authorisation and found.captured_amount else found.amount
    ours = payment.currency.upper()
    return found.currency == ours and payment.amount * MINOR_UNITS.get(ours, 100) == paid


def _declined(
    payment: Payment, declined: Transaction, attempts: tuple[Transaction, ...] | None, policy: Policy
) -> Judgement:
    """A declined attempt is not a dead order: another one may have paid, or still may."""
    own = [one for one in attempts or () if not one.child and not _not_ours(payment, one, policy)]
    judgements = [judgement for one in own if (judgement := _settled(payment, one))]
    if judgements:
        return min(judgements, key=_by_weight)
    if declined.order.paid:
        problem = "the order is paid, but not by a transaction that can be found"
        return Judgement(verdict=Verdict.REVIEW, reason=problem, transaction=declined)
    if attempts is None and declined.order.paid is None:
        problem = "declined, and the gateway does not tell whether another attempt paid"
        return Judgement(verdict=Verdict.REVIEW, reason=problem, transaction=declined)
    if payment.age > policy.fail_after:
        reason = declined.message or "declined"
        return Judgement(verdict=Verdict.FAILED, reason=reason, transaction=declined)
    return Judgement(verdict=Verdict.PENDING, reason="declined, but the customer may try again")


def _by_weight(judgement: Judgement) -> tuple[int, int]:
    return _WEIGHT[judgement.verdict], judgement.transaction.id if judgement.transaction else 0


_WEIGHT = {
    verdict: weight
    for weight, verdict in enumerate(
        (
            Verdict.COMPLETED,
            Verdict.REVIEW,  # money came that we cannot book: nothing weaker may hide it
            Verdict.PROCESSING,
            Verdict.PENDING,
            Verdict.PARTIALLY_REFUNDED,
            Verdict.REFUNDED,
            Verdict.CANCELLED,
        )
    )
}
"""Of several attempts on one order the one that leaves most money with us decides, then the oldest."""
