"""What the demo makes of what it found."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from jobd.demo.by_hand import ByHand, by_hand
from jobd.demo.claims import Claim
from jobd.demo.findings import (
    MAILING,
    PAYING,
    STAGED,
    AuditRows,
    Invoices,
    Mails,
    Payment,
    Payments,
    Runs,
    Subscriptions,
)
from jobd.demo.mailbox import Mailbox
from jobd.demo.payments import payments, script
from jobd.testing.paymob import Fault, Story

ANNA, BOB = ("reminder", "anna@example.com"), ("reminder", "bob@example.com")


def unmet(part) -> dict[str, bool]:
    """Claims that are not met, and whether each is beyond hope."""
    return {claim.what: claim.hopeless for claim in part.claims if not claim.met}


def payment(was: str, dictated: str, now: str, *, whole: bool = True) -> Payment:
    return Payment(order="1", was=was, dictated=dictated, now=now, untouched=was == now, whole=whole)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({ANNA: 1, BOB: 1}, {}),
        ({ANNA: 1}, {"mails accepted": False}),
        ({ANNA: 2, BOB: 1}, {"mails accepted twice": True}),
        ({ANNA: 2}, {"mails accepted": False, "mails accepted twice": True}),
        ({ANNA: 1, BOB: 1, ("reminder", "eve@example.com"): 1}, {"mails to the wrong people": True}),
        ({ANNA: 1, BOB: 1, ("expired", "bob@example.com"): 1}, {"mails to the wrong people": True}),
    ],
)
def test_each_mail_is_expected_once_by_each_recipient(found, expected):
    mails = Mails(wanted=Counter([ANNA, BOB]), found=Counter(found))
    assert unmet(mails) == expected


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (payment("Pending", "Completed", "Completed"), {}),
        (payment("Pending", "Pending", "Pending"), {}),
        (payment("Pending", "Completed", "Pending"), {"payments settled": False}),
        (
            payment("Pending", "Completed", "Failed"),
            {"payments settled": False, "payments booked otherwise than the gateway says": True},
        ),
        (payment("Pending", "Pending", "Failed"), {"payments booked otherwise than the gateway says": True}),
        (
            payment("Pending", "Refunded", "Refunded", whole=False),
            {"payments settled": False, "payments booked otherwise than the gateway says": True},
        ),
    ],
)
def test_a_payment_is_right_only_with_the_dictated_status_and_all_that_belongs_to_it(one, expected):
    assert unmet(Payments(all=(one,), spoiled=0)) == expected


def test_two_payments_with_each_others_outcome_are_noticed_though_the_counts_agree():
    swapped = Payments(
        all=(payment("Pending", "Completed", "Failed"), payment("Pending", "Failed", "Completed")), spoiled=0
    )
    assert all(n["expected"] == n["found"] for n in swapped.outcomes.values())
    assert "payments booked otherwise than the gateway says" in unmet(swapped)


def test_what_nobody_asked_for_is_beyond_hope():
    assert unmet(Subscriptions(ended=2, expired=1, spoiled=0)) == {"subscriptions expired": False}
    assert unmet(Subscriptions(ended=2, expired=2, spoiled=1)) == {"subscriptions changed for no reason": True}
    assert unmet(AuditRows(old=9, deleted=9, young_deleted=1)) == {"young audit rows deleted": True}
    assert unmet(Invoices(wanted=2, written=2, others=1)) == {"invoices that nobody asked for": True}
    assert unmet(Payments(all=(), spoiled=1)) == {"payments changed for no reason": True}


def test_a_run_that_failed_for_good_or_was_retried_wrongly_is_noticed():
    fine = {
        "by_job": {"a": {"succeeded": 3}}, "retries": 4, "as_meant": 2, "otherwise": 0, "staged": 0,
        "first_at": None,
    }  # fmt: skip
    assert unmet(Runs(**fine)) == {}
    assert unmet(Runs(**{**fine, "as_meant": 0})) == {"runs that failed on purpose and then worked": False}
    assert unmet(Runs(**{**fine, "otherwise": 1})) == {"runs retried in any other way": True}
    assert unmet(Runs(**{**fine, "by_job": {"a": {"failed": 1}}})) == {"runs failed for good": True}
    assert unmet(Runs(**{**fine, "by_job": {STAGED: {"failed": 1}}, "staged": 1})) == {}
    assert unmet(Runs(**{**fine, "by_job": {STAGED: {"failed": 1}}})) == {"failures that were staged": True}


@pytest.mark.parametrize(
    ("done", "excused"),
    [
        (ByHand(), set()),
        (by_hand(Counter({"send-expiry-reminders": 1}), []), {"mails accepted", "everything"}),
        (by_hand(Counter(), [("run.cancel", "reconcile-payments")]), {"payments settled", "everything"}),
        (by_hand(Counter(), [("queue.pause", None)]), {"mails accepted", "payments settled", "everything"}),
        (by_hand(Counter(), [("token.add", None)]), set()),
    ],
)
def test_what_somebody_changed_excuses_what_can_come_from_it_and_no_more(done, excused):
    about = {"mails accepted": MAILING, "payments settled": PAYING, "everything": frozenset[str]()}
    claims = [Claim(what=what, expected=2, found=1, jobs=jobs) for what, jobs in about.items()]
    assert {claim.what for claim in claims if done.excuses(claim)} == excused


def test_what_somebody_did_is_told_in_one_line():
    done = by_hand(
        Counter({"send-email": 2, "build-report": 1}),
        [("queue.pause", None), ("run.cancel", "a"), ("run.cancel", "b"), ("queue.resume", None), ("undo", None)],
    )
    assert done.told == (
        "triggered 3 runs (build-report, send-email ×2), paused 1 queue, resumed 1 queue, cancelled 2 runs, "
        "took back 1 change"
    )
    assert done.as_json()["changes"]["run.cancel"] == 2
    assert (ByHand().told, ByHand().as_json()) == ("", {})


def test_a_line_that_is_still_being_written_is_counted_when_it_is_whole(tmp_path):
    box = Mailbox(tmp_path / "mailbox.jsonl")
    assert box.read() == {}
    line = json.dumps({"kind": "reminder", "recipients": ["anna@example.com"]})
    (tmp_path / "mailbox.jsonl").write_text(f"{line}\n{line[:20]}")
    assert box.read() == {ANNA: 1}
    (tmp_path / "mailbox.jsonl").write_text(f"{line}\n{line}\n")
    assert box.read() == {ANNA: 2}
    assert box.read() == {ANNA: 2}


def test_the_gateways_script_tells_every_story_and_every_fault():
    told = script(payments()).values()
    assert {one.story for one in told} == set(Story)
    assert {one.fault for one in told if one.fault} == set(Fault)
    assert sum(1 for one in payments() if one.reconciled) >= 300
