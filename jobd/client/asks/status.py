"""The daemon that answers, with the counts, queues and nodes of all."""

from __future__ import annotations

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask
from jobd.model.status import Status


def shown() -> Ask[Status]:
    """How things stand; while Postgres is silent, as far as the node knows by itself."""
    return ask.shown(Status, "/v1/status")
