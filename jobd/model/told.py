"""Lengths and distances of time as lists show them: short, and the same everywhere."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def length(seconds: float | None) -> str:
    """The two largest units: "45s", "2h10m", "3d4h"; below ten seconds with a decimal; "-" when there is none."""
    if seconds is None:
        return "-"
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    if round(seconds * 1000) < 1000:
        return f"{sign}{seconds * 1000:.0f}ms"
    if round(seconds, 1) < 10:
        return f"{sign}{seconds:.1f}s"
    left, parts = round(seconds), list[str]()
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count}{unit}" if count else "")
        if len(parts) == 2:
            break
    return sign + "".join(parts)


def distance(when: datetime | None, now: datetime | None = None) -> str:
    """How far an instant is: "5m ago", "in 2h10m", "now"; "-" when there is none."""
    if when is None:
        return "-"
    seconds = ((now or datetime.now(UTC)) - when).total_seconds()
    if abs(seconds) < 1:
        return "now"
    whole = round(abs(seconds))
    far = f"{whole}s" if whole < 10 else length(whole)
    return f"{far} ago" if seconds > 0 else f"in {far}"
