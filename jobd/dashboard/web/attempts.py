"""How often an address may fail to log in. Nobody guesses a token, but guessing must not keep the daemon busy."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address

MOST_FAILURES = 5
WINDOW_SECONDS = 300.0
MOST_COUNTED = 10_000
"""Addresses; the one that failed longest ago is forgotten for the next."""


class Attempts:
    """Failures of the last minutes, by address."""

    def __init__(self, most: int = MOST_FAILURES, window: float = WINDOW_SECONDS) -> None:
        self._most, self._window = most, window
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def begin(self, address: str) -> int:
        """0 when one may try, which counts as a failure until `worked`; else seconds to wait."""
        now = time.monotonic()
        times = self._failures.setdefault(_network(address), deque())
        self._failures.move_to_end(_network(address))
        while times and times[0] <= now - self._window:
            times.popleft()
        if len(times) >= self._most:
            return math.ceil(times[0] + self._window - now)
        times.append(now)
        if len(self._failures) > MOST_COUNTED:
            self._failures.popitem(last=False)
        return 0

    def worked(self, address: str) -> None:
        """The try that began last was none to be counted."""
        if times := self._failures.get(_network(address)):
            times.pop()


def _network(address: str) -> str:
    """An IPv6 address stands for its /64: whoever has one has them all."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(int(found) >> 64) if isinstance(found, IPv6Address) and found.ipv4_mapped is None else str(found)
