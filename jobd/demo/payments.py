"""The demo's payments and the gateway's script about them: every story, every way of telling it, every fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from jobd.testing.paymob.scenario import Fault, Scenario, Story

FIRST_ORDER = 71_000_001
HOUR = timedelta(hours=1)

STORIES = {
    Story.SUCCESS: 80,
    Story.DECLINED: 36,
    Story.DECLINED_THEN_SUCCESS: 20,
    Story.SUCCESS_THEN_LATE_DECLINE: 14,
    Story.REFUND: 16,
    Story.PARTIAL_REFUND: 12,
    Story.VOID: 14,
    Story.AUTHORISED: 12,
    Story.CAPTURED: 12,
    Story.NO_ATTEMPT: 48,
    Story.PENDING_CARD: 10,
    Story.PENDING_KIOSK: 12,
    Story.WRONG_AMOUNT: 6,
    Story.WRONG_CURRENCY: 6,
    Story.OTHER_ORDER: 4,
    Story.OTHER_INTEGRATION: 4,
    Story.LIVE_MISMATCH: 4,
    Story.ORPHANED_REFUND: 4,
}
"""How many payments live through each story."""

# Answered with 401 or 429 for ever, a run rightly gives up: only the others may last.
LASTING = [fault for fault in Fault if fault not in (Fault.REVOKED, Fault.THROTTLED)]

AGES = [2 * HOUR, 40 * HOUR, 100 * HOUR, 200 * HOUR]
"""Of declined and untried orders: on either side of each of the job's deadlines, and far from them."""
PRICES = [
    (Decimal("150.00"), "EGP"),
    (Decimal("390.00"), "EGP"),
    (Decimal("3900.00"), "EGP"),
    (Decimal("590.05"), "EGP"),
    (Decimal("49.99"), "USD"),
    (Decimal("12.500"), "OMR"),
]
METHODS = ["card", "card", "wallet", "kiosk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One payment, and the gateway's story of its order (absent when it has no order there)."""

    amount: Decimal
    currency: str
    status: str
    method: str
    order_id: str
    age: timedelta
    told: Scenario | None
    reconciled: bool
    """False: the job has to leave it alone, whatever the gateway says."""
    deleted: bool = False


LATER = 500
"""Payments that come while somebody looks: more than a demo is long."""


def later() -> list[Planted]:
    """The payments that customers make while somebody looks, one after the other."""
    stories = (Story.SUCCESS, Story.SUCCESS, Story.DECLINED_THEN_SUCCESS, Story.VOID, Story.REFUND, Story.CAPTURED)
    return [
        _planted(10_000 + number, stories[number % len(stories)], age=timedelta(minutes=31)) for number in range(LATER)
    ]


def payments() -> list[Planted]:
    """All of them, those to be reconciled first; the same every time but for the dates."""
    stories = [story for story, count in STORIES.items() for _ in range(count)]
    details: list[tuple[Story, dict[str, Any]]] = [
        *((story, _way_of_telling(number)) for number, story in enumerate(stories)),
        *((Story.SUCCESS, {"fault": fault, "faults": 1, "retry_after": "1"}) for fault in Fault),
        *((Story.SUCCESS, {"fault": fault}) for fault in LASTING),
    ]
    waiting = [_waiting(number, story, told) for number, (story, told) in enumerate(details)]
    return [*waiting, *_untouchable(len(waiting))]


def script(planted: list[Planted]) -> dict[str, Scenario]:
    """What the gateway tells, by order id."""
    return {one.order_id: one.told for one in planted if one.told is not None}


def _way_of_telling(number: int) -> dict[str, Any]:
    """How this order's answers look: one form after the other."""
    form = ["wrapped", "string_booleans", "offsets", "extra", None][number % 5]
    return {"listed": number % 3 != 0, **({form: True} if form else {})}


def _waiting(number: int, story: Story, details: dict[str, Any]) -> Planted:
    """A payment that has waited for long enough to be asked about."""
    aged = story in (Story.DECLINED, Story.NO_ATTEMPT)
    age = AGES[number % 4] if aged else timedelta(minutes=40 + 37 * (number % 200))
    method = METHODS[(number // 4) % 4] if aged else METHODS[number % 4]
    return _planted(number, story, age=age, method=method, details=details)


def _untouchable(first: int) -> Iterator[Planted]:
    """Payments that the gateway has another opinion of, and that are none of the job's business."""
    for number in range(first, first + 20):  # too young: the customer may be typing
        yield _planted(number, Story.SUCCESS, age=timedelta(seconds=10 * (number % 12)), reconciled=False)
    for number in range(first + 20, first + 40):  # settled
        status = ["Completed", "Failed", "Refunded", "Expired"][number % 4]
        story = Story.DECLINED if status == "Completed" else Story.SUCCESS
        yield _planted(number, story, age=200 * HOUR, status=status, reconciled=False)
    for number in range(first + 40, first + 50):
        yield _planted(number, Story.SUCCESS, age=90 * HOUR, reconciled=False, deleted=True)
    for number in range(first + 50, first + 60):  # never got as far as the gateway
        yield _planted(number, None, age=90 * HOUR, reconciled=False)


def _planted(
    number: int,
    story: Story | None,
    *,
    age: timedelta,
    method: str = "card",
    status: str | None = None,
    details: dict[str, Any] | None = None,
    reconciled: bool = True,
    deleted: bool = False,
) -> Planted:
    amount, currency = PRICES[number % len(PRICES)]
    began = datetime.now(UTC) - age + timedelta(minutes=2)
    told = None if story is None else Scenario(
        story=story, amount=amount, currency=currency, at=began, **(details or {})
    )  # fmt: skip
    return Planted(
        amount=amount,
        currency=currency,
        status=status or ("Pending", "Processing")[number % 2],
        method=method,
        order_id=str(FIRST_ORDER + number) if told else "",
        age=age,
        told=told,
        reconciled=reconciled,
        deleted=deleted,
    )
