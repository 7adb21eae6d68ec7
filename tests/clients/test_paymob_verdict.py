"""The mapping from the gateway's answer to a payment's status: an oracle, properties, and cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobd.clients.paymob import (
    Evidence,
    GatewayThrottled,
    GatewayUnavailable,
    GatewayUnreadable,
    Order,
    Payment,
    Policy,
    Transaction,
    Verdict,
    judge,
)

PAYMENT = Payment(order_id="1001", amount=Decimal("150.00"), currency="EGP", age=timedelta(hours=1))
POLICY = Policy(integration_ids=frozenset({7}), live=True)
PAID = Transaction(
    id=1,
    order=Order(id="1001", paid=15000),
    amount=15000,
    currency="EGP",
    pending=False,
    success=True,
    live=True,
    integration_id=7,
)
DECLINED = replace(PAID, id=2, success=False, order=Order(id="1001", paid=0), message="no funds")
CHILD = replace(PAID, id=3, child=True, refund=True, parent=1)
OLD = timedelta(hours=25)

orders = st.builds(
    Order,
    id=st.sampled_from(["1001"] * 5 + ["1002"]),
    merchant_order_id=st.sampled_from([None, "A-1", "A-2"]),
    paid=st.sampled_from([None, 0, 15000]),
)
amounts = st.sampled_from([0, 1, 5000, 14999, 15000, 15001, 150000])
transactions = st.builds(
    Transaction,
    id=st.integers(1, 9),
    order=orders,
    amount=amounts,
    currency=st.sampled_from(["EGP", "EGP", "OMR", "USD"]),
    pending=st.booleans(),
    success=st.booleans(),
    authorisation=st.booleans(),
    captured=st.booleans(),
    captured_amount=amounts,
    voided=st.booleans(),
    refunded=st.booleans(),
    refunded_amount=amounts,
    live=st.sampled_from([True, True, False, None]),
    integration_id=st.sampled_from([7, 7, 8, None]),
    child=st.booleans(),
    parent=st.sampled_from([None, 1]),
    message=st.sampled_from([None, "no funds"]),
)
answers = st.one_of(
    st.none(),
    st.sampled_from([GatewayUnavailable("gone"), GatewayThrottled(1.0), GatewayUnreadable("odd")]),
    st.builds(
        Evidence,
        last=transactions,
        parent=st.none() | transactions.map(lambda one: replace(one, child=False)),
        attempts=st.none() | st.lists(transactions, max_size=4).map(tuple),
    ),
)
payments = st.builds(
    Payment,
    order_id=st.just("1001"),
    amount=st.sampled_from([Decimal("150.00"), Decimal("150"), Decimal("15.000"), Decimal("0.005"), Decimal(0)]),
    currency=st.sampled_from(["EGP", "egp", "OMR"]),
    age=st.integers(0, 200).map(lambda hours: timedelta(hours=hours)),
    merchant_order_id=st.sampled_from([None, None, "A-1"]),
    method=st.sampled_from([None, "card", "kiosk"]),
)
policies = st.builds(
    Policy,
    integration_ids=st.sampled_from([frozenset[int](), frozenset({7})]),
    live=st.sampled_from([None, True, False]),
)


def ours(payment: Payment, found: Transaction, policy: Policy) -> bool:
    return (
        found.order.id == payment.order_id
        and payment.merchant_order_id in (None, found.order.merchant_order_id)
        and (not policy.integration_ids or found.integration_id in policy.integration_ids)
        and (policy.live is None or found.live == policy.live)
    )


def money_fits(payment: Payment, found: Transaction) -> bool:
    scale = 1000 if payment.currency.upper() == "OMR" else 100
    arrived = found.captured_amount if found.authorisation and found.captured_amount else found.amount
    return found.currency == payment.currency.upper() and Decimal(arrived) / scale == payment.amount


def oracle(payment: Payment, answer: object, policy: Policy) -> Verdict | None:
    """Steps 1 to 6 of the mapping, spelled out; None where step 7 (a declined attempt) decides."""
    if isinstance(answer, GatewayUnavailable):
        return Verdict.UNKNOWN
    if answer is None:
        limit = policy.expire_after * (2 if payment.method == "kiosk" else 1)
        return Verdict.EXPIRED if payment.age > limit else Verdict.PENDING
    assert isinstance(answer, Evidence)
    found = answer.parent if answer.last.child else answer.last
    if found is None or not ours(payment, answer.last, policy) or not ours(payment, found, policy):
        return Verdict.REVIEW
    table = [
        (found.pending, Verdict.PENDING),
        (found.voided, Verdict.CANCELLED),
        (found.refunded, Verdict.REFUNDED),
        (0 < found.amount <= found.refunded_amount, Verdict.REFUNDED),
        (0 < found.refunded_amount < found.amount, Verdict.PARTIALLY_REFUNDED),
        (not found.success, None),
        (found.authorisation and not found.captured, Verdict.PROCESSING),
        (not money_fits(payment, found), Verdict.REVIEW),
        (True, Verdict.COMPLETED),
    ]
    return next(verdict for fits, verdict in table if fits)


@settings(max_examples=1000)
@given(payments, answers, policies)
def test_every_answer_has_the_verdict_of_the_mapping_in_its_order(payment, answer, policy):
    expected = oracle(payment, answer, policy)
    judged = judge(payment, answer, policy)
    if expected is not None:
        assert judged.verdict == expected
    assert judged.reason


@given(payments, answers, policies)
def test_nothing_is_completed_without_a_success_of_ours_over_the_full_amount(payment, answer, policy):
    judged = judge(payment, answer, policy)
    if judged.verdict is Verdict.COMPLETED:
        found = judged.transaction
        assert found is not None and found.success
        assert not (found.pending or found.voided or found.refunded or found.child)
        assert ours(payment, found, policy) and money_fits(payment, found)


@given(payments, answers, policies)
def test_nothing_fails_while_money_may_have_arrived_or_time_is_left(payment, answer, policy):
    judged = judge(payment, answer, policy)
    if judged.verdict is Verdict.FAILED:
        assert isinstance(answer, Evidence)
        assert payment.age > policy.fail_after
        assert judged.transaction is not None and not judged.transaction.order.paid
        assert not any(
            (one.success or one.pending) and not one.child and ours(payment, one, policy)
            for one in answer.attempts or ()
        )


@given(payments, answers, policies)
def test_a_doubtful_answer_changes_no_status(payment, answer, policy):
    if answer is None or isinstance(answer, GatewayUnavailable):
        verdict = judge(payment, answer, policy).verdict
        assert verdict in (Verdict.UNKNOWN, Verdict.PENDING, Verdict.EXPIRED)


def test_the_first_eight_verdicts_are_the_statuses_of_a_payment():
    assert [verdict.value for verdict in Verdict][:8] == [
        "Pending",
        "Processing",
        "Completed",
        "Failed",
        "Cancelled",
        "Refunded",
        "PartiallyRefunded",
        "Expired",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"order": Order(id="1002")}, "another order"),
        ({"integration_id": 8}, "integration"),
        ({"integration_id": None}, "integration"),
        ({"live": False}, "test transaction"),
        ({"live": None}, "test transaction"),
        ({"amount": 15001}, "another amount"),
        ({"amount": 1500000}, "another amount"),
        ({"currency": "USD"}, "currency"),
        ({"authorisation": True, "captured": True, "captured_amount": 100}, "another amount"),
    ],
)
def test_a_success_that_does_not_fit_is_for_a_person(change, reason):
    judged = judge(PAYMENT, Evidence(last=replace(PAID, **change)), POLICY)
    assert judged.verdict is Verdict.REVIEW and reason in judged.reason


def test_a_child_is_judged_by_its_payment():
    refunded = replace(PAID, refunded=True, refunded_amount=15000)
    assert judge(PAYMENT, Evidence(last=CHILD, parent=refunded), POLICY).verdict is Verdict.REFUNDED
    assert judge(PAYMENT, Evidence(last=CHILD, parent=PAID), POLICY).verdict is Verdict.COMPLETED
    assert judge(PAYMENT, Evidence(last=CHILD), POLICY).verdict is Verdict.REVIEW
    stranger = replace(PAID, order=Order(id="1002"))
    assert judge(PAYMENT, Evidence(last=CHILD, parent=stranger), POLICY).verdict is Verdict.REVIEW


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"voided": True}, Verdict.CANCELLED),
        ({"refunded": True}, Verdict.REFUNDED),
        ({"refunded_amount": 15000}, Verdict.REFUNDED),
        ({"refunded_amount": 1}, Verdict.PARTIALLY_REFUNDED),
        ({"refunded_amount": 1, "voided": True}, Verdict.CANCELLED),
        ({"pending": True, "voided": True}, Verdict.PENDING),
    ],
)
@pytest.mark.parametrize("transaction", [PAID, DECLINED], ids=["success", "no-success"])
def test_what_was_taken_back_counts_whatever_success_says(transaction, change, verdict):
    assert judge(PAYMENT, Evidence(last=replace(transaction, **change)), POLICY).verdict is verdict


def test_an_earlier_success_outweighs_a_late_decline():
    judged = judge(PAYMENT, Evidence(last=DECLINED, attempts=(PAID, DECLINED)), POLICY)
    assert judged.verdict is Verdict.COMPLETED and judged.transaction == PAID


@pytest.mark.parametrize(
    ("attempts", "paid", "verdict"),
    [
        ((DECLINED,), 0, Verdict.FAILED),
        ((DECLINED,), None, Verdict.FAILED),
        (None, 0, Verdict.FAILED),
        (None, None, Verdict.REVIEW),
        (None, 15000, Verdict.REVIEW),
        ((DECLINED,), 15000, Verdict.REVIEW),
        ((replace(PAID, pending=True, success=False), DECLINED), 0, Verdict.PENDING),
        ((replace(PAID, order=Order(id="1002")), DECLINED), 0, Verdict.FAILED),
    ],
)
def test_an_old_declined_order_fails_only_when_nothing_else_paid_it(attempts, paid, verdict):
    last = replace(DECLINED, order=Order(id="1001", paid=paid))
    judged = judge(replace(PAYMENT, age=OLD), Evidence(last=last, attempts=attempts), POLICY)
    assert judged.verdict is verdict
    if verdict is Verdict.FAILED:
        assert judged.reason == "no funds"
        young = judge(PAYMENT, Evidence(last=last, attempts=attempts), POLICY)
        assert young.verdict is Verdict.PENDING


def test_a_rial_has_a_thousand_baisa():
    payment = replace(PAYMENT, amount=Decimal("15"), currency="OMR")
    assert judge(payment, Evidence(last=replace(PAID, currency="OMR")), POLICY).verdict is Verdict.COMPLETED
