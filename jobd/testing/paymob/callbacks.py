"""Signed callbacks, as the gateway sends them when a transaction is processed."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

SIGNED = (
    "amount_cents", "created_at", "currency", "error_occured", "has_parent_transaction", "id",
    "integration_id", "is_3d_secure", "is_auth", "is_capture", "is_refunded", "is_standalone_payment",
    "is_voided", "order.id", "owner", "pending", "source_data.pan", "source_data.sub_type",
    "source_data.type", "success",
)  # fmt: skip
"""The signed values, in the order of the gateway's documentation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One callback: POST `body` as JSON with `?hmac=` and this value."""

    body: bytes
    hmac: str


def callback(shown: dict[str, Any], secret: str, *, tampered: bool = False) -> Callback:
    """The callback about a transaction as shown; `tampered` signs it with another key."""
    fields = shown.get("obj", shown)
    key = f"not {secret}" if tampered else secret
    body = json.dumps({"type": "TRANSACTION", "obj": fields}).encode()
    return Callback(body=body, hmac=signature(fields, key))


def signature(fields: dict[str, Any], secret: str) -> str:
    """HMAC-SHA512 in lower-case hex over the signed values with nothing between them."""
    text = "".join(_text(fields, name) for name in SIGNED)
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()


def _text(fields: dict[str, Any], name: str) -> str:
    value: Any = fields
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
