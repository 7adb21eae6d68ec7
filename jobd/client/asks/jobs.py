"""Jobs."""

from __future__ import annotations

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask, place
from jobd.model.reports import JobReport


def listed() -> Ask[list[JobReport]]:
    """All jobs by name."""
    return ask.listed(JobReport, "/v1/jobs", "jobs")


def one(name: str) -> Ask[JobReport]:
    """The job with what it takes; UnknownJob when there is none of that name."""
    return ask.shown(JobReport, place("jobs", name))
