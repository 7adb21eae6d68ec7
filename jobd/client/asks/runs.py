"""Runs: pages of them, one, and what can be done to one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jobd.client.asks.ask import Ask, as_json, new_id, numbered, query, shown, told
from jobd.client.asks.new_runs import body_of
from jobd.model.reports import Counted, Page
from jobd.model.run import NewRun, Run, RunState

MOST_RUNS, MOST_BYTES = 1_000, 900_000
"""Of one request; the daemon takes a thousand runs and a mebibyte."""
LONG_POLL_SECONDS = 30.0
LOOK_SECONDS = 1.0
"""How often a run that is followed is looked at; its end is heard of at once."""


def page(filter: str | None = None, limit: int = 100, after: str | None = None) -> Ask[Page]:
    """A page of the runs that the filter finds; `after` is the `next` of the page before."""
    return shown(Page, query("/v1/runs", filter=filter, limit=limit, after=after))


def count(filter: str = "") -> Ask[Counted]:
    """How many runs the filter finds, up to 10,000."""
    return shown(Counted, query("/v1/runs/count", filter=filter))


def one(run: int) -> Ask[Run]:
    """The run with its attempts."""
    return shown(Run, numbered("runs", run))


def wait(run: int, seconds: float) -> Ask[Run]:
    """The run when it has ended, or as it stands after `seconds`."""
    return shown(Run, query(f"{numbered('runs', run)}/wait", timeout=f"{seconds:.3f}"), patience=seconds)


def enqueue(body: Mapping[str, Any]) -> Ask[int]:
    """Add one run, as `new_runs` writes it down: its id."""
    return told("/v1/runs", body, new_id)


def enqueue_many(new: Iterable[NewRun]) -> Iterator[Ask[list[int]]]:
    """One request for each thousand runs, or for less where they are large."""
    batch: list[bytes] = []
    size = 0
    for run in new:
        text = as_json(body_of(run))
        if batch and (len(batch) == MOST_RUNS or size + len(text) > MOST_BYTES):
            yield _many(batch)
            batch, size = [], 0
        batch.append(text)
        size += len(text) + 1
    if batch:
        yield _many(batch)


def trigger(
    job: str,
    texts: Mapping[str, str],
    *,
    queue: str | None = None,
    priority: int | None = None,
    delay: str | None = None,
) -> Ask[int]:
    """Add one run with arguments as somebody typed them (`batch` → `100`): its id. `delay` is like `5m`."""
    body = {"job": job, "arg_texts": dict(texts) or None, "queue": queue, "priority": priority, "delay": delay}
    return told("/v1/runs", body, new_id)


def cancel(run: int, reason: str | None = None) -> Ask[RunState]:
    """CANCELLED when it ended by this, RUNNING when its node was asked."""
    return told(f"{numbered('runs', run)}/cancel", {"reason": reason}, lambda answer: RunState(answer["state"]))


def retry(run: int, reason: str | None = None) -> Ask[int]:
    """Start an ended run again: the new one's id. A scheduled one is due now: its own."""
    return told(f"{numbered('runs', run)}/retry", {"reason": reason}, new_id)


def _many(batch: list[bytes]) -> Ask[list[int]]:
    body = b"[" + b",".join(batch) + b"]"
    return Ask(method="POST", path="/v1/runs", body=body, read=lambda answer: [int(one) for one in answer["ids"]])
