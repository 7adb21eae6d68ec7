"""Numbers as they are typed: which run, how many, how long."""

from __future__ import annotations

import argparse
import math

LARGEST = 2**63 - 1


def number(given: str) -> int:
    """Of a run, a message, a node or an entry of the audit.

    Raises:
        ArgumentTypeError: nothing is numbered so.
    """
    if not (given.isascii() and given.isdecimal()) or not 0 < int(given[:20]) <= LARGEST:
        raise argparse.ArgumentTypeError(f"{given[:40]!r} is no number that anything has; they are whole, from 1 on")
    return int(given)


def amount(given: str) -> int:
    """How many at the most.

    Raises:
        ArgumentTypeError: it is no whole number from 1 on.
    """
    if not (given.isascii() and given.isdecimal()) or not 0 < int(given[:20]) <= LARGEST:
        raise argparse.ArgumentTypeError(f"{given[:40]!r} is no whole number from 1 on")
    return int(given)


def seconds(given: str) -> float:
    """How long.

    Raises:
        ArgumentTypeError: it is no number, negative, or endless.
    """
    try:
        length = float(given)
    except ValueError:
        length = math.nan
    if not (math.isfinite(length) and length >= 0):
        raise argparse.ArgumentTypeError(f"{given[:40]!r} is no number of seconds; 600 is ten minutes")
    return length
