"""How jobs and queues did over a stretch of time: counts, rates, and how long things took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Window(StrEnum):
    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"

    @property
    def length(self) -> timedelta:
        return {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7)}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds. Quantiles are read from buckets that double in size, so they are right to some 30 %."""

    mean: float | None = None
    """Absent when there was nothing to measure, like all of these."""
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsReport:
    """One job or queue. `retried` counts attempts that were tried again; the others count runs."""

    name: str
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    skipped: int = 0
    retried: int = 0
    per_minute: float = 0.0
    """Runs that ended, of any outcome, over the whole window."""
    run: Times = Times()
    wait: Times = Times()
    """From due to started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What ended in one minute; minutes in which nothing did are left out."""

    minute: datetime
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    skipped: int = 0
    retried: int = 0


def times(histogram: Sequence[int], total_ms: float) -> Times:
    """Mean and quantiles of what stands in the buckets."""
    count = sum(histogram)
    if count <= 0:
        return Times()
    return Times(
        mean=total_ms / count / 1000,
        p50=quantile(histogram, 0.5),
        p95=quantile(histogram, 0.95),
        p99=quantile(histogram, 0.99),
    )


def quantile(histogram: Sequence[int], share: float) -> float:
    """Seconds below which `share` of what was counted lies; even inside a bucket.

    Bucket i (from 0) holds what took from 2^(i-1) to 2^i milliseconds, the first one everything below 1 ms; the last
    one has no upper end, so its lower end is the answer.
    """
    wanted = share * sum(histogram)
    below = 0
    for index, count in enumerate(histogram):
        if count and below + count >= wanted:
            low = 2.0 ** (index - 1) if index else 0.0
            if index == len(histogram) - 1:
                return low / 1000
            return (low + (2.0**index - low) * (wanted - below) / count) / 1000
        below += count
    return 0.0
