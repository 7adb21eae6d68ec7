"""The nearest known name to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most likely meant; None when nothing is near."""
    spelled = {_plain(candidate): candidate for candidate in known}
    close = get_close_matches(_plain(name[:100]), spelled, n=1, cutoff=0.6)
    return spelled[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A question for a message; None when nothing is near."""
    found = nearest(name, known)
    return f'did you mean "{found}"?' if found else None


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
