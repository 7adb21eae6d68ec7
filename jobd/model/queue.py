"""A queue: where runs wait, and how often it is served."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Charge(StrEnum):
    """What a queue pays for a start: the time the run takes, or one turn whatever it takes."""

    TIME = "time"
    STARTS = "starts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One queue from `[queues]`. Counts are of running attempts."""

    name: str
    weight: int = 1
    max: int | None = None
    """On one node; absent means all workers."""
    global_max: int | None = None
    """Over all nodes."""
    reserve: int = 0
    """Workers of a node that only this queue may use."""
    strict: bool = False
    """Served before every queue that is not strict."""
    charge: Charge = Charge.TIME
