"""JSON read as if money depended on it: no NaN, no doubled keys, no floats, and fields of the right type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from jobd.clients.paymob.errors import GatewayUnreadable

LARGEST = 2**63 - 1
"""Ids and amounts are 64-bit numbers at the gateway."""
_LONGEST_TEXT = 500
_UNSTORABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; fractions become `Decimal`.

    Raises:
        GatewayUnreadable: it is not one whole JSON object, a key stands twice, or a number is not one.
    """
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_no_doubled_keys)
    except (ValueError, ArithmeticError, RecursionError) as wrong:
        raise GatewayUnreadable(f"the answer is not sound JSON ({type(wrong).__name__})") from None
    if not isinstance(value, dict):
        raise GatewayUnreadable(f"the answer is a JSON {type(value).__name__} where an object belongs")
    return value


def _no_number(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number")


def _no_doubled_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key stands twice")
    return fields


def flag(fields: Mapping[str, Any], name: str, *, required: bool = False) -> bool:
    """A boolean, also as the texts "true" and "false" of old answers; absent and null are false."""
    match fields.get(name):
        case bool(value):
            return value
        case str(text) if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case None | "" if not required:
            return False
        case _:
            raise GatewayUnreadable(f"{name} is not a boolean")


def number(fields: Mapping[str, Any], name: str) -> int | None:
    """A whole number from 0 to 2**63 - 1, also as digits or as `100.00`; None when absent or null.

    Raises:
        GatewayUnreadable: it is something else; a fraction of a minor unit is no amount.
    """
    match fields.get(name):
        case None | "":
            return None
        case int(value) if not isinstance(value, bool):
            pass
        case str(text) if text.isascii() and text.isdigit() and len(text) <= 19:
            value = int(text)
        case Decimal() as exact if _is_whole(exact):
            value = int(exact)
        case _:
            raise GatewayUnreadable(f"{name} is not a whole number")
    if not 0 <= value <= LARGEST:
        raise GatewayUnreadable(f"{name} is out of range")
    return value


def _is_whole(exact: Decimal) -> bool:
    # the exponent is looked at first: int(Decimal("1e999999999")) would fill the memory
    exponent = exact.as_tuple().exponent
    return isinstance(exponent, int) and -18 <= exponent <= 18 and exact == exact.to_integral_value()


def text(fields: Mapping[str, Any], name: str) -> str | None:
    """A text of at most 500 characters that every database stores; None when absent, null or empty."""
    match fields.get(name):
        case str(value):
            return _UNSTORABLE.sub("\ufffd", value)[:_LONGEST_TEXT] or None
        case int(value) if not isinstance(value, bool):
            return str(value)
        case _:
            return None


def instant(fields: Mapping[str, Any], name: str, zone: tzinfo) -> datetime | None:
    """An aware UTC instant; a time without an offset is local time in `zone`. None when absent or null.

    Raises:
        GatewayUnreadable: it is not a time.
    """
    match fields.get(name):
        case None | "":
            return None
        case str(value):
            try:
                read = datetime.fromisoformat(value)
                return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
            except (ValueError, OverflowError):
                raise GatewayUnreadable(f"{name} is not a time") from None
        case _:
            raise GatewayUnreadable(f"{name} is not a time")


def nested(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object inside an object; absent, null and anything else are an empty one."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}
