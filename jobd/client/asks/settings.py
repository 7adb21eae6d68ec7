"""Settings: what the daemon works by."""

from __future__ import annotations

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask
from jobd.model.shown_settings import ShownSettings


def shown() -> Ask[ShownSettings]:
    """Every setting with value and origin, secrets masked, and what operators have laid over them."""
    return ask.shown(ShownSettings, "/v1/config")
