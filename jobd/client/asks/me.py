"""The caller, as the daemon takes them."""

from __future__ import annotations

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask
from jobd.model.me import Me


def shown() -> Ask[Me]:
    """Who asks, what they may, and where."""
    return ask.shown(Me, "/v1/me")
