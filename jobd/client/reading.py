"""An answer of the daemon → what was asked for, or the error that it stands for."""

from __future__ import annotations

import json
from typing import TypeVar

from jobd.client.asks import Ask
from jobd.client.errors import refusal

T = TypeVar("T")


def read(ask: Ask[T], status: int, raw: bytes) -> T:
    """What the answer says.

    Raises:
        JobdError: it is no success, or none of jobd.
    """
    try:
        value = json.loads(raw)
        if 200 <= status < 300:
            return ask.read(value)
    except (ValueError, TypeError, LookupError, RecursionError):
        value = None
    raise refusal(status, value)
