"""Statistics: how jobs and queues did."""

from __future__ import annotations

from jobd.client.asks.ask import Ask, listed, query
from jobd.model.stats import Minute, StatsReport


def totals(by: str, window: str) -> Ask[list[StatsReport]]:
    """Counts, rates and times, by `job` or by `queue`, over `1h`, `24h` or `7d`."""
    return listed(StatsReport, query("/v1/stats", by=by, window=window), "stats")


def minutes(minutes: int, job: str | None = None, queue: str | None = None) -> Ask[list[Minute]]:
    """Outcomes of each of the last `minutes` (at most 1440), oldest first; where nothing ended there is none."""
    return listed(Minute, query("/v1/stats/minutes", minutes=minutes, job=job, queue=queue), "minutes")
