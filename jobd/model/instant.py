"""An instant as people write it: with an offset, or by the clock of a zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo


def instant_of(value: Any, timezone: str) -> datetime | None:
    """`value` as an aware UTC instant, without an offset read in `timezone`; None when it is none.

    Of the two instants that an hour put back has for one local time, the earlier.

    Raises:
        ValueError: the local time is skipped in that zone.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is not None:
        return value.astimezone(UTC)
    local = value.replace(tzinfo=ZoneInfo(timezone))
    instant = local.astimezone(UTC)
    if instant.astimezone(ZoneInfo(timezone)).replace(tzinfo=None) != value:
        raise ValueError(f"{value.isoformat()} does not exist in {timezone}: clocks are put forward over it")
    return instant
