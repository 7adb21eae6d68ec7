"""How things stand: the node that answers, and what all nodes share."""

from __future__ import annotations

from dataclasses import dataclass

from jobd.model.health import Health
from jobd.model.reports import Counts, NodeReport, QueueReport

SCHEMA = 1
"""Grows when a field of `Status` changes its meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What `/v1/status` tells. What comes from Postgres is absent while it does not answer; `store_error` says why."""

    schema: int = SCHEMA
    ready: bool
    health: Health
    counts: Counts | None = None
    queues: tuple[QueueReport, ...] | None = None
    nodes: tuple[NodeReport, ...] | None = None
    """Those that are alive."""
    store_error: str | None = None
