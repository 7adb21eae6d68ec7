"""A pause as it is typed in one line: for how long, and why."""

from __future__ import annotations

from datetime import timedelta

from jobd.model.duration import parse_duration

HINT = "for how long and why, as in: 30m nightly backup. Without a length until it is resumed."
LONGEST_REASON = 500
"""Characters that the daemon takes."""


def pause_of(text: str) -> tuple[str | None, str | None]:
    """(for how long, why); None for what was not said. `wrong` had nothing to say about `text`."""
    first, _, rest = text.strip().partition(" ")
    if not first[:1].isdigit():
        return None, text.strip() or None
    return first, rest.strip() or None


def wrong(text: str) -> str | None:
    """What is wrong with such a line; None when nothing is."""
    lasts, reason = pause_of(text)
    if lasts is not None:
        if lasts.isdecimal():
            return f"{lasts[:40]}: of what? write 30m, 2h or 1d; a reason begins with a word"
        try:
            if parse_duration(lasts) <= timedelta(0):
                return f"{lasts} would be no pause"
        except ValueError as error:
            return f"{error}; a reason begins with a word"
    if reason is not None and len(reason) > LONGEST_REASON:
        return f"a reason has at most {LONGEST_REASON} characters, this one has {len(reason)}"
    return None
