"""A new run as the API takes it: from a job's name and arguments, or from a whole NewRun."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jobd.model.duration import Length, length_of
from jobd.model.instant import in_reach
from jobd.model.run import NewRun
from jobd.model.storable import storable


def new_run(
    job: str | NewRun,
    args: Mapping[str, Any],
    *,
    queue: str | None,
    priority: int | None,
    delay: Length | None,
    at: datetime | None,
    key: str | None,
) -> dict[str, Any]:
    """The body for one run.

    Raises:
        ValueError: `delay` and `at`, an instant without a zone or out of reach, a delay that is no length, or a NewRun
            with something beside it.
        ArgumentsRefused: the arguments are no JSON that can be stored.
    """
    if isinstance(job, NewRun):
        if args or any(value is not None for value in (queue, priority, delay, at, key)):
            raise ValueError("a NewRun says everything itself: give nothing beside it")
        return body_of(job)
    if delay is not None and at is not None:
        raise ValueError("delay and at exclude each other")
    said = body_of(NewRun(job=job, args=dict(args), queue=queue, priority=priority, due_at=at, key=key))
    return said if delay is None else {**said, "delay": length_of(delay).total_seconds()}


def body_of(new: NewRun) -> dict[str, Any]:
    """A run as the API takes it; who asks for it is for the daemon to say."""
    storable(new.args)
    fields = {
        "job": new.job,
        "args": new.args or None,
        "queue": new.queue,
        "priority": new.priority,
        "at": None if new.due_at is None else in_reach(new.due_at).isoformat(),
        "key": new.key,
    }
    return {name: value for name, value in fields.items() if value is not None}
