"""Failures: runs that failed in the same way, together."""

from __future__ import annotations

from jobd.client.asks.ask import Ask, query, shown
from jobd.model.failures import Failures


def since(window: str) -> Ask[Failures]:
    """What will be tried again after a failure, and what failed for good within the last `window` (`24h`)."""
    return shown(Failures, query("/v1/failed", since=window))


def retrying() -> Ask[Failures]:
    """What will be tried again after a failure."""
    return shown(Failures, query("/v1/failed", state="retrying"))
