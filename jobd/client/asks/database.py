"""The database behind the daemon."""

from __future__ import annotations

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask
from jobd.model.database import DatabaseReport


def shown() -> Ask[DatabaseReport]:
    """How large its tables are, who holds them back, and how near it is to its limits."""
    return ask.shown(DatabaseReport, "/v1/database")
