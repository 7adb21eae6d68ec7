"""Short words for tests about cron: instants, and the slots that follow one."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from jobd.model.cron import parse


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def fires(expression: str, start: str, count: int, zone: str = "UTC", name: str = "") -> list[str]:
    """The next slots after `start`, on the clock of the zone with its offset."""
    spec, slot, found = parse(expression, timezone=zone, name=name), at(start), []
    for _ in range(count):
        following = spec.next_after(slot)
        if following is None:
            break
        found.append(following.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes"))
        slot = following
    return found


def fires_utc(expression: str, start: str = "2026-01-01T00:00Z", count: int = 3) -> list[str]:
    return [text.removesuffix("+00:00") for text in fires(expression, start, count)]
