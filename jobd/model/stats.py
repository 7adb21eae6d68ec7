"""How jobs and queues did over a stretch of time: counts, rates, and how long things took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil, inf


class Window(StrEnum):
    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"

    @property
    def length(self) -> timedelta:
        return {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7)}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds. Quantiles are read from buckets that double in size and from the mean: right to some 30 %."""

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
    """Runs that ended, of any outcome, over the window or over the part of it for which there are statistics."""
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
    """Mean and quantiles of what stands in the buckets and took `total_ms` together."""
    count = sum(histogram)
    if count <= 0:
        return Times()
    return Times(
        mean=total_ms / count / 1000,
        p50=quantile(histogram, total_ms, 0.5),
        p95=quantile(histogram, total_ms, 0.95),
        p99=quantile(histogram, total_ms, 0.99),
    )


def quantile(histogram: Sequence[int], total_ms: float, share: float) -> float:
    """Seconds which at least `share` of all that was counted took no longer than, as the mean of its bucket.

    Spreading what a bucket holds over its whole width said 8 minutes of jobs that all took 5; together with the total
    the mean is known well where it matters: where all lies in one bucket, and where a few took most of the time.
    """
    rank, below = ceil(share * sum(histogram) - 1e-9), 0
    for index, count in enumerate(histogram):
        below += count
        if count > 0 and below >= rank:
            return _mean_of(index, histogram, total_ms) / 1000
    return 0.0


def _mean_of(index: int, histogram: Sequence[int], total_ms: float) -> float:
    """Milliseconds: the middle of the bucket, or the nearest to it that the others leave of the total."""
    low, high = _ends(index, len(histogram))
    others = [(count, *_ends(at, len(histogram))) for at, count in enumerate(histogram) if count > 0 and at != index]
    least = (total_ms - sum(count * top for count, _, top in others)) / histogram[index]
    most = (total_ms - sum(count * bottom for count, bottom, _ in others)) / histogram[index]
    middle = (low + high) / 2 if high < inf else most
    return max(low, min(high, max(least, min(most, middle))))


def _ends(index: int, buckets: int) -> tuple[float, float]:
    """Milliseconds: bucket i (from 0) holds what took from 2^(i-1) to 2^i, the first one all below 1, the last one all
    that took longer."""
    return 2.0 ** (index - 1) if index else 0.0, 2.0**index if index < buckets - 1 else inf
