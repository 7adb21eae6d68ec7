"""`H` in a cron field: a value that is spread over the schedules and stays the same for each of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

HASH = re.compile(r"H(?:\(([0-9]{1,2})-([0-9]{1,2})\))?(?:/([0-9]{1,4}))?")


def hashed(
    field: str, first: int, last: int, match: re.Match[str], name: str, wrong: Callable[[str], NoReturn]
) -> tuple[int, ...]:
    """The numbers of `H`, `H(a-b)`, `H/n` or `H(a-b)/n` for the schedule `name`: the same on every node.

    In the day of month, `H` stays within 1-28, so that it is due in every month.
    """
    if not name:
        wrong("'H' is hashed from the schedule's name, and here is none")
    if field == "year":
        wrong("'H' would choose one year of 130; write the years")
    low, high = first, 28 if field == "day of month" else last
    if match[1]:
        low, high = int(match[1]), int(match[2])
    if not first <= low <= high <= last:
        wrong(f"the range of {match[0]!r} is not within {first}-{last}")
    number = _number(name, field)
    if match[3] is None:
        return (low + number % (high - low + 1),)
    step = int(match[3])
    if not step:
        wrong(f"the step of {match[0]!r} is not a number from 1")
    return tuple(range(low + number % min(step, high - low + 1), high + 1, step))


def _number(name: str, field: str) -> int:
    """64 bits from schedule and field, independent of each other and of the process."""
    from hashlib import blake2b  # loads OpenSSL, 4 ms that `jobctl` must not pay for

    return int.from_bytes(blake2b(f"{name}\0{field}".encode(), digest_size=8).digest(), "big")
