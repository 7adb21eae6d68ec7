"""Lengths and distances of time as lists show them: told no finer than they are read, so that little is painted."""

from __future__ import annotations

from datetime import datetime

from jobd.model.told import distance, length

MINUTE = 60


def whole(seconds: float) -> str:
    """A length in whole seconds, from a minute on in whole minutes."""
    if seconds < 10:
        return f"{max(0, round(seconds))}s"
    return length(seconds if seconds < MINUTE else seconds // MINUTE * MINUTE)


def far(when: datetime | None, now: datetime) -> str:
    """How far an instant is: "59m ago", "in 2h10m", "now"; "-" when there is none."""
    if when is None or abs((now - when).total_seconds()) < MINUTE:
        return distance(when, now)
    seconds = (now - when).total_seconds()
    return f"{whole(seconds)} ago" if seconds > 0 else f"in {whole(-seconds)}"
