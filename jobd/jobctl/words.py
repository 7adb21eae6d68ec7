"""Times, lengths and counts as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

TYPE_CHECKING = False
if TYPE_CHECKING:  # not at run time: typing would be a twentieth of the time that jobctl takes to start
    from typing import Any

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def length(seconds: float | None) -> str:
    """The two largest units: "45s", "2h10m", "3d4h"; below ten seconds with a decimal; "-" when there is none."""
    if seconds is None:
        return "-"
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    if seconds < 1:
        return f"{sign}{seconds * 1000:.0f}ms"
    if seconds < 10:
        return f"{sign}{seconds:.1f}s"
    left, parts = round(seconds), list[str]()
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count}{unit}" if count else "")
        if len(parts) == 2:
            break
    return sign + "".join(parts)


def instant(text: str | None) -> datetime | None:
    """An instant of the API."""
    return None if text is None else datetime.fromisoformat(text)


def clock(text: str | None) -> str:
    """An instant to the second, in UTC; "-" when there is none."""
    when = instant(text)
    return "-" if when is None else when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def ago(text: str | None, now: datetime | None = None) -> str:
    """How far an instant is: "5m ago", "in 2h10m", "now"; "-" when there is none."""
    when = instant(text)
    if when is None:
        return "-"
    seconds = ((now or datetime.now(UTC)) - when).total_seconds()
    if abs(seconds) < 1:
        return "now"
    distance = length(round(abs(seconds)))
    return f"{distance} ago" if seconds > 0 else f"in {distance}"


def took(run: dict[str, Any], now: datetime | None = None) -> str:
    """How long a run ran, or has been running."""
    started, finished = instant(run["started_at"]), instant(run["finished_at"])
    if started is None or (finished is None and run["state"] != "running"):
        return "-"
    return length(((finished or now or datetime.now(UTC)) - started).total_seconds())


def count(value: dict[str, Any]) -> str:
    """A capped count: "12", "10,000+"."""
    return f"{value['count']:,}{'+' if value['more'] else ''}"
