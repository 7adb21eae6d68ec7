"""Asking before what cannot be taken back: yes or no, or a name or number to be typed; never without a terminal."""

from __future__ import annotations

import sys

from jobd.jobctl.failures import FAILED, WRONG_USE, Failure
from jobd.model.display import display_safe

MANY = 100
"""Changing more runs than this wants their number typed."""


_asks = [True]


def nobody_is_here() -> None:
    """From now on nothing is asked, terminal or not: --no-input."""
    _asks[0] = False


def sure(question: str, *, yes: bool, typed: str | None = None) -> None:
    """Returns when the operator said so: beforehand with --yes, or now; `typed` has to be repeated then.

    Raises:
        Failure: they did not, or nobody is there to be asked.
    """
    if yes:
        return
    if not (_asks[0] and sys.stdin.isatty() and sys.stderr.isatty()):
        words = f"{question} nobody is here to be asked"
        raise Failure(WRONG_USE, "not_confirmed", words, "--yes says so beforehand")
    wanted = "yes" if typed is None else typed
    prompt = "[y/N]" if typed is None else f"type {typed} to go on:"
    sys.stderr.write(f"{display_safe(question)} {display_safe(prompt)} ")
    sys.stderr.flush()
    given = sys.stdin.readline().strip()
    if given != wanted and not (typed is None and given.lower() in ("y", "yes")):
        raise Failure(FAILED, "not_confirmed", "nothing was changed")


def how_sure(count: int) -> str | None:
    """What has to be typed for so many runs; None where yes or no will do."""
    return str(count) if count > MANY else None
