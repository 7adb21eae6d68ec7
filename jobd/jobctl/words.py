"""Times, lengths and counts as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

from jobd.model.told import distance, length

__all__ = ["ago", "clock", "count", "instant", "length", "took"]

TYPE_CHECKING = False
if TYPE_CHECKING:  # not at run time: typing would be a twentieth of the time that jobctl takes to start
    from typing import Any

def instant(text: str | None) -> datetime | None:
    """An instant of the API."""
    return None if text is None else datetime.fromisoformat(text)


def clock(text: str | None) -> str:
    """An instant to the second, in UTC; "-" when there is none."""
    when = instant(text)
    return "-" if when is None else when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def ago(text: str | None, now: datetime | None = None) -> str:
    """How far an instant is: "5m ago", "in 2h10m", "now"; "-" when there is none."""
    return distance(instant(text), now)


def took(run: dict[str, Any], now: datetime | None = None) -> str:
    """How long a run ran, or has been running."""
    started, finished = instant(run["started_at"]), instant(run["finished_at"])
    if started is None or (finished is None and run["state"] != "running"):
        return "-"
    return length(((finished or now or datetime.now(UTC)) - started).total_seconds())


def count(value: dict[str, Any]) -> str:
    """A capped count: "12", "10,000+"."""
    return f"{value['count']:,}{'+' if value['more'] else ''}"
