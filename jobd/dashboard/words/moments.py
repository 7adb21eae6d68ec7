"""Lengths and distances of time as lists show them: told no finer than they are read, so that little is painted."""

from __future__ import annotations

from datetime import datetime

from jobd.model.told import distance, length

MINUTE, STEP = 60, 5


def whole(seconds: float) -> str:
    """A length in whole seconds, from a minute on in whole minutes."""
    if seconds < 10:
        return f"{max(0, round(seconds))}s"
    return length(seconds if seconds < MINUTE else seconds // MINUTE * MINUTE)


def ago(seconds: float) -> str:
    """How long ago, from ten seconds on in steps of five: lists whose every line counts seconds are never still."""
    if seconds < 1:
        return "now"
    told = round(seconds)  # as lengths beside it are
    return f"{whole(told if told < 10 else told // STEP * STEP)} ago"


def far(when: datetime | None, now: datetime) -> str:
    """How far an instant is: "59m ago", "in 2h10m", "now"; "-" when there is none. The same on every screen."""
    if when is None or ((seconds := (now - when).total_seconds()) > -MINUTE and seconds < 1):
        return distance(when, now)
    return ago(seconds) if seconds > 0 else f"in {whole(-seconds)}"
