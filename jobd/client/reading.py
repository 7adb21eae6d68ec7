"""An answer of the daemon → what was asked for, or the error that it stands for."""

from __future__ import annotations

import json
from typing import TypeVar

from jobd.client.asks.ask import Ask
from jobd.client.errors import refusal
from jobd.errors import JobdError

T = TypeVar("T")


def read(ask: Ask[T], status: int, raw: bytes) -> T:
    """What the answer says.

    Raises:
        JobdError: it is no success, or none of jobd.
    """
    if 200 <= status < 300:
        try:
            return ask.read(json.loads(raw))
        except (ValueError, TypeError, LookupError, RecursionError):
            raise refusal(status, None) from None
    raise refused(status, raw)


def refused(status: int, raw: bytes) -> JobdError:
    """The error that an answer without success stands for."""
    try:
        return refusal(status, json.loads(raw))
    except (ValueError, RecursionError):
        return refusal(status, None)
