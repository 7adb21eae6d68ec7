"""Failures: runs that failed in the same way, together."""

from __future__ import annotations

from jobd.client.asks.ask import Ask, query, shown
from jobd.model.failures import Failures


def since(window: str) -> Ask[Failures]:
    """What failed within the last `window` (`24h`), what failed last first."""
    return shown(Failures, query("/v1/failed", since=window))
