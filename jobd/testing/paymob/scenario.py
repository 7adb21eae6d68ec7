"""What happens to one order at the emulated gateway, and what has to become of its payment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any


class Story(StrEnum):
    """What the customer and the merchant did."""

    NO_ATTEMPT = "no-attempt"
    PENDING_CARD = "pending-card"
    PENDING_KIOSK = "pending-kiosk"
    SUCCESS = "success"
    DECLINED = "declined"
    DECLINED_THEN_SUCCESS = "declined-then-success"
    SUCCESS_THEN_LATE_DECLINE = "success-then-late-decline"
    REFUND = "refund"
    PARTIAL_REFUND = "partial-refund"
    VOID = "void"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    WRONG_AMOUNT = "wrong-amount"
    WRONG_CURRENCY = "wrong-currency"
    OTHER_ORDER = "other-order"
    OTHER_INTEGRATION = "other-integration"
    LIVE_MISMATCH = "live-mismatch"
    ORPHANED_REFUND = "orphaned-refund"  # its payment is not to be found


class Fault(StrEnum):
    """How the gateway fails to answer about an order."""

    REVOKED = "revoked"  # 401, and every token given out so far is void
    THROTTLED = "throttled"  # 429 with the scenario's `retry_after`, or without
    ERROR_500 = "error-500"
    FORBIDDEN = "forbidden"
    HTML_502 = "html-502"
    HTML_200 = "html-200"
    HANG = "hang"  # until `release`; then the answer is sound
    DRIP = "drip"  # a byte at a time, without end
    RESET = "reset"
    TRUNCATED = "truncated"
    NAN = "nan"
    FRACTION = "fraction"  # half a piastre
    DOUBLED_KEY = "doubled-key"
    HUGE = "huge"
    GZIP_BOMB = "gzip-bomb"
    BROKEN_GZIP = "broken-gzip"
    DEEP = "deep"  # nested ten thousand times
    REDIRECT = "redirect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One order's story, how its answers look, and what goes wrong when they are asked for."""

    story: Story
    amount: Decimal = Decimal("150.00")
    currency: str = "EGP"
    at: datetime = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
    """When it began; aware."""
    refunded: Decimal | None = None
    """Of a partial refund; absent means a third."""
    message: str = "Do not honour"
    """Why the bank declined."""
    merchant_order_id: str | None = None
    integration_id: int = 4097558
    live: bool = False
    wrapped: bool = False
    string_booleans: bool = False
    offsets: bool = False
    """Times with an offset; otherwise local time in Cairo without one."""
    sparse: bool = False
    """Without the fields that may be missing."""
    extra: bool = False
    """With fields that nobody documented."""
    listed: bool = True
    """The list call knows the order's transactions; otherwise it answers 404."""
    fault: Fault | None = None
    faults: int | None = None
    """So many requests about this order meet the fault and the next is answered; absent means all of them."""
    retry_after: str | None = None


def scenario(story: Story | str, **details: Any) -> Scenario:
    """A scenario by the name of its story; the rest as in `Scenario`."""
    return Scenario(story=Story(story), **details)


_OUTCOMES: dict[Story, str | None] = {
    Story.PENDING_CARD: None,
    Story.PENDING_KIOSK: None,
    Story.SUCCESS: "Completed",
    Story.DECLINED_THEN_SUCCESS: "Completed",
    Story.SUCCESS_THEN_LATE_DECLINE: "Completed",
    Story.REFUND: "Refunded",
    Story.PARTIAL_REFUND: "PartiallyRefunded",
    Story.VOID: "Cancelled",
    Story.AUTHORISED: "Processing",
    Story.CAPTURED: "Completed",
    Story.WRONG_AMOUNT: None,
    Story.WRONG_CURRENCY: None,
    Story.OTHER_ORDER: None,
    Story.OTHER_INTEGRATION: None,
    Story.LIVE_MISMATCH: None,
    Story.ORPHANED_REFUND: None,
}


def expected_outcome(
    told: Scenario,
    *,
    age: timedelta = timedelta(hours=1),
    fail_after: timedelta = timedelta(hours=24),
    expire_after: timedelta = timedelta(hours=72),
) -> str | None:
    """What `payments.status` has to be after reconciling; None means that it must stay as it is.

    For a payment of that `age` whose amount and currency are the scenario's, with `live` and
    `integration_ids` configured as in the scenario (and not at all where it is sparse). Written from the
    gateway's documentation, independently of `judge`.
    """
    if told.fault is not None and told.faults is None:
        return None
    match told.story:
        case Story.NO_ATTEMPT:
            return "Expired" if age > expire_after else None
        case Story.DECLINED:
            # without the list and without the paid amount nobody knows that nothing else succeeded
            certain = told.listed or not told.sparse
            return "Failed" if age > fail_after and certain else None
        case Story.SUCCESS_THEN_LATE_DECLINE if not told.listed:
            return None
        case other:
            return _OUTCOMES[other]


def write_script(path: Path, orders: Mapping[str, Scenario]) -> None:
    """Write scenarios by order id to a JSON file for `python -m jobd.testing.paymob`."""
    tables = {
        number: {key: value for key, value in asdict(told).items() if value is not None}
        for number, told in orders.items()
    }
    path.write_text(json.dumps(tables, default=str, indent=1), "utf-8")


def read_script(path: Path) -> dict[str, Scenario]:
    """Scenarios by order id from a JSON file; only `story` is needed.

    Raises:
        ValueError: an order id is no number, or a scenario has an unknown key or value; names the order.
    """
    tables: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return {number: _scenario(number, table) for number, table in tables.items()}


_READERS: dict[str, Any] = {
    "story": Story,
    "fault": Fault,
    "amount": Decimal,
    "refunded": Decimal,
    "at": datetime.fromisoformat,
}


def _scenario(number: str, table: dict[str, Any]) -> Scenario:
    known = {field.name for field in fields(Scenario)}
    if not number.isdigit() or not set(table) <= known or "story" not in table:
        raise ValueError(f"order {number}: a number with a story and any of {', '.join(sorted(known))}")
    try:
        return Scenario(**{key: _READERS[key](v) if key in _READERS else v for key, v in table.items()})
    except (ValueError, ArithmeticError) as wrong:
        raise ValueError(f"order {number}: {wrong}") from None
