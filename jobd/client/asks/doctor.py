"""What the daemon needs from the outside, tried once."""

from __future__ import annotations

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask
from jobd.model.finding import Examination

EXAMINED_SECONDS = 10.0


def shown() -> Ask[Examination]:
    """Database, clock, disk, mail and gateway; takes up to ten seconds."""
    return ask.shown(Examination, "/v1/doctor", patience=EXAMINED_SECONDS)
