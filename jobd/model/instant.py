"""Instants as people write them, with an offset or by the clock of a zone, and which of them can be named at all."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from jobd.model.duration import LONGEST

_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-")
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def written(value: object) -> object:
    """`value`, where it can be an instant as it is written; a number is none, for who knows of what unit.

    Raises:
        ValueError: it shows how to write one.
    """
    if isinstance(value, datetime) or (isinstance(value, str) and _WRITTEN.match(value)):
        return value
    raise ValueError('this is no instant; write it with its offset, like "2026-12-01T08:00:00Z"')


def in_reach(instant: datetime) -> datetime:
    """`instant` in UTC, as every program and every zone's clock can show it.

    Raises:
        ValueError: it has no time zone, or does not lie between 1970 and a century from now.
    """
    if instant.utcoffset() is None:
        raise ValueError(f"{instant} has no time zone: which instant is it?")
    if not EARLIEST <= instant <= datetime.now(UTC) + LONGEST:
        raise ValueError(f"{instant.isoformat()} is not between 1970 and a century from now")
    return instant.astimezone(UTC)


def instant_of(value: Any, timezone: str) -> datetime | None:
    """`value` as an aware UTC instant, without an offset read in `timezone`; None when it is none.

    Of the two instants that an hour put back has for one local time, the earlier.

    Raises:
        ValueError: the local time is skipped in that zone, or the instant is out of reach.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is not None:
        return in_reach(value)
    instant = in_reach(value.replace(tzinfo=ZoneInfo(timezone)))
    if instant.astimezone(ZoneInfo(timezone)).replace(tzinfo=None) != value:
        raise ValueError(f"{value.isoformat()} does not exist in {timezone}: clocks are put forward over it")
    return instant
