"""How many slots lie between two instants, for the history row of what a stop has missed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

LIMIT = 1000


class Slots(Protocol):
    """What has slots: a cron expression or a schedule."""

    def next_after(self, instant: datetime) -> datetime | None: ...
    def latest_between(self, after: datetime, until: datetime) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """The slots of a stretch of time. `first` and `last` are exact; `count` is, unless `more` is true."""

    count: int
    first: datetime
    last: datetime
    more: bool = False
    """There are more than `count`: counting stopped at the limit."""


def missed(slots: Slots, after: datetime, until: datetime, limit: int = LIMIT) -> Missed | None:
    """The slots in (after, until], counted up to `limit`; None when there is none."""
    last = slots.latest_between(after, until)
    first = slots.next_after(after)
    if last is None or first is None:
        return None
    count, slot = 1, first
    while slot < last and count < limit:
        following = slots.next_after(slot)
        assert following is not None  # `last` is ahead
        count, slot = count + 1, following
    return Missed(count=count, first=first, last=last, more=slot < last)
