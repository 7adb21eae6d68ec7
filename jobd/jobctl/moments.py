"""Instants as they are typed."""

from __future__ import annotations

from jobd.jobctl.failures import WRONG_USE, Failure


def instant_text(option: str, given: str | None) -> str | None:
    """ISO 8601 with an offset; without one it was local time. None when nothing was given.

    Raises:
        Failure: it is no instant.
    """
    if given is None:
        return None
    from datetime import datetime

    try:
        return datetime.fromisoformat(given).astimezone().isoformat()
    except (ValueError, OverflowError):
        hint = "write it like 2026-12-01T09:00 or 2026-12-01T09:00+02:00"
        raise Failure(WRONG_USE, "usage", f"{option} {given}: no instant", hint) from None


def later_text(option: str, given: str | None) -> str | None:
    """The same, of an instant that is to come.

    Raises:
        Failure: it is no instant, or over.
    """
    text = instant_text(option, given)
    if text is not None:
        from datetime import UTC, datetime

        if datetime.fromisoformat(text) <= datetime.now(UTC):
            raise Failure(WRONG_USE, "usage", f"{option} {given} is over", "without it, until somebody resumes")
    return text
