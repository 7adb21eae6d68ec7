"""attempt → delay: fixed (5 minutes, as specified) or exponential, with jitter."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import assert_never


class Backoff(StrEnum):
    FIXED = "fixed"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how long after a failed attempt the next one starts."""

    retries: int = 3
    delay: timedelta = timedelta(minutes=5)
    backoff: Backoff = Backoff.FIXED
    max_delay: timedelta = timedelta(hours=6)
    jitter: float = 0.0
    """Share of the delay that is random, 0 to 1; exponential back-off defaults to 1 (full jitter) in TOML."""

    def wait(self, failures: int) -> timedelta:
        """The pause after the `failures`-th failure (1 is the first)."""
        match self.backoff:
            case Backoff.FIXED:
                base = self.delay
            case Backoff.EXPONENTIAL:
                # 2**30 seconds are 34 years: the exponent is capped so that the product stays a timedelta
                base = self.delay * (2 ** min(failures - 1, 30))
            case _:
                assert_never(self.backoff)
        base = min(base, self.max_delay)
        return base * (1 - self.jitter * random.random())
