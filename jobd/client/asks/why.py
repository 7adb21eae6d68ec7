"""Why a run, a job, a queue or a schedule is as it is."""

from __future__ import annotations

from jobd.client.asks.ask import Ask, numbered, place, shown
from jobd.model.why import Why


def run(run: int) -> Ask[Why]:
    """Why it waits, or how it ended."""
    return shown(Why, numbered("why/run", run))


def job(name: str) -> Ask[Why]:
    """Why its runs wait, and when it is due."""
    return shown(Why, place("why", "job", name))


def queue(name: str) -> Ask[Why]:
    """Why nothing of it starts."""
    return shown(Why, place("why", "queue", name))


def schedule(name: str) -> Ask[Why]:
    """Why it does not fire, or when it will."""
    return shown(Why, place("why", "schedule", name))
