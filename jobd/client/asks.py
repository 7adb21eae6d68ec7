"""What can be asked of a daemon: each request with how its answer is read, for the clients with and without asyncio."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from jobd.client.decode import decode
from jobd.model.reports import JobReport, QueueReport, ScheduleReport
from jobd.model.run import NewRun, Run, RunState
from jobd.model.storable import storable

T = TypeVar("T")

MOST_RUNS, MOST_BYTES = 1_000, 900_000
"""Of one request; the daemon takes a thousand runs and a mebibyte."""
LONG_POLL_SECONDS = 30.0
LOOK_SECONDS = 1.0
"""How often a run that is followed is looked at; its end is heard of at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Generic[T]):
    """One request."""

    method: str
    path: str
    read: Callable[[Any], T]
    body: bytes | None = None
    patience: float = 0.0
    """Seconds that the daemon may take on purpose."""


def new_run(
    job: str | NewRun,
    args: Mapping[str, Any],
    *,
    queue: str | None,
    priority: int | None,
    delay: timedelta | None,
    at: datetime | None,
    key: str | None,
) -> dict[str, Any]:
    """The body for one run, from its job's name and arguments or from a whole NewRun.

    Raises:
        ValueError: `delay` and `at`, an instant without a zone, or a NewRun with something beside it.
        ArgumentsRefused: the arguments are no JSON that can be stored.
    """
    if isinstance(job, NewRun):
        if args or any(value is not None for value in (queue, priority, delay, at, key)):
            raise ValueError("a NewRun says everything itself: give nothing beside it")
        return body_of(job)
    if delay is not None and at is not None:
        raise ValueError("delay and at exclude each other")
    said = body_of(NewRun(job=job, args=dict(args), queue=queue, priority=priority, due_at=at, key=key))
    return said if delay is None else {**said, "delay": delay.total_seconds()}


def body_of(new: NewRun) -> dict[str, Any]:
    """A run as the API takes it; who asks for it is for the daemon to say."""
    if new.due_at is not None and new.due_at.tzinfo is None:
        raise ValueError(f"{new.due_at} has no time zone: which instant is it?")
    storable(new.args)
    fields = {
        "job": new.job,
        "args": new.args or None,
        "queue": new.queue,
        "priority": new.priority,
        "at": new.due_at.isoformat() if new.due_at else None,
        "key": new.key,
    }
    return {name: value for name, value in fields.items() if value is not None}


def enqueue(body: Mapping[str, Any]) -> Ask[int]:
    return _post("/v1/runs", body, lambda answer: int(answer["id"]))


def enqueue_many(new: Iterable[NewRun]) -> Iterator[Ask[list[int]]]:
    """One request for each thousand runs, or for less where they are large."""
    batch: list[bytes] = []
    size = 0
    for run in new:
        text = _json(body_of(run))
        if batch and (len(batch) == MOST_RUNS or size + len(text) > MOST_BYTES):
            yield _many(batch)
            batch, size = [], 0
        batch.append(text)
        size += len(text) + 1
    if batch:
        yield _many(batch)


def run(run_id: int) -> Ask[Run]:
    return Ask(method="GET", path=f"/v1/runs/{run_id:d}", read=lambda answer: decode(Run, answer))


def wait(run_id: int, seconds: float) -> Ask[Run]:
    """The run when it has ended, or as it stands after `seconds`."""
    path = f"/v1/runs/{run_id:d}/wait?timeout={seconds:.3f}"
    return Ask(method="GET", path=path, read=lambda answer: decode(Run, answer), patience=seconds)


def cancel(run_id: int, reason: str | None) -> Ask[RunState]:
    body = {} if reason is None else {"reason": reason}
    return _post(f"/v1/runs/{run_id:d}/cancel", body, lambda answer: RunState(answer["state"]))


def retry(run_id: int) -> Ask[int]:
    return _post(f"/v1/runs/{run_id:d}/retry", {}, lambda answer: int(answer["id"]))


def jobs() -> Ask[list[JobReport]]:
    return _listed("jobs", JobReport)


def job(name: str) -> Ask[JobReport]:
    path = f"/v1/jobs/{quote(name, safe='')}"
    return Ask(method="GET", path=path, read=lambda answer: decode(JobReport, answer))


def schedules() -> Ask[list[ScheduleReport]]:
    return _listed("schedules", ScheduleReport)


def queues() -> Ask[list[QueueReport]]:
    return _listed("queues", QueueReport)


def _many(batch: list[bytes]) -> Ask[list[int]]:
    body = b"[" + b",".join(batch) + b"]"
    return Ask(method="POST", path="/v1/runs", body=body, read=lambda answer: [int(one) for one in answer["ids"]])


def _post(path: str, body: Mapping[str, Any], read: Callable[[Any], T]) -> Ask[T]:
    return Ask(method="POST", path=path, body=_json(body), read=read)


def _listed(noun: str, kind: type[T]) -> Ask[list[T]]:
    return Ask(method="GET", path=f"/v1/{noun}", read=lambda answer: [decode(kind, one) for one in answer[noun]])


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
