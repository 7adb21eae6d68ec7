"""A run: one invocation of a job, from the enqueue to its final state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class RunState(StrEnum):
    WAITING = "waiting"  # for another run
    SCHEDULED = "scheduled"  # due later; a retry is a scheduled run
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # attempts exhausted
    CANCELLED = "cancelled"
    SKIPPED = "skipped"  # by a policy, with its reason

    @property
    def final(self) -> bool:
        """True when the run has ended and lives in history."""
        return self in FINAL


FINAL = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.SKIPPED})


class Outcome(StrEnum):
    """How one attempt ended; a success has no row of its own, its run's history row says it."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # by a stop: handed back, spends no retry
    LOST = "lost"  # its node died or lost its lease


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What is needed to enqueue one run."""

    job: str
    args: dict[str, Any] = field(default_factory=dict)
    queue: str | None = None
    """Absent: the job's own."""
    priority: int | None = None
    due_at: datetime | None = None
    """Absent: now."""
    source: str = "api"
    """Who asked: `schedule nightly`, `api uid:1000`, `sql role`, `run 811`."""
    key: str | None = None
    """Idempotency key: a second enqueue of this job with it gets the first run's id."""
    retried_from: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """What a job counted."""

    done: int = 0
    skipped: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt that did not succeed. Times are aware UTC."""

    attempt: int
    node: int | None
    outcome: Outcome
    started_at: datetime | None
    finished_at: datetime
    error: str | None
    traceback: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as people see it, live or ended. Times are aware UTC and absent until they happened."""

    id: int
    job: str
    queue: str
    state: RunState
    priority: int
    args: dict[str, Any] | str
    """A text, `********`, where `[privacy] redact` names all of it; so it is with `progress`."""
    attempt: int
    retries_left: int
    source: str
    created_at: datetime
    due_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    node: int | None = None
    schedule: str | None = None
    slot: datetime | None = None
    retried_from: int | None = None
    cancel_requested: bool = False
    reason: str | None = None
    """Why it was skipped, cancelled or given up; absent otherwise."""
    error: str | None = None
    result: Any = None
    items: Items = Items()
    progress: dict[str, Any] | str | None = None
    attempts: tuple[Attempt, ...] = ()
    """Failed and interrupted attempts, oldest first; filled only where one run is shown."""
    mails: dict[str, int] = field(default_factory=dict)
    """Messages of this run by state; filled only where one run is shown."""
    omitted: tuple[str, ...] = ()
    """What a page of runs left out because it is long (`args`, `result`); show the run to see it."""


class Claimed(Protocol):
    """A run that this node has claimed: one started or startable attempt. Cheap to make, read-only."""

    @property
    def id(self) -> int: ...
    @property
    def job(self) -> str: ...
    @property
    def queue(self) -> str: ...
    @property
    def priority(self) -> int: ...
    @property
    def attempt(self) -> int: ...
    @property
    def retries_left(self) -> int: ...
    @property
    def crashes(self) -> int:
        """Nodes that died under this run; above 0 it is suspect."""

    @property
    def args(self) -> str | None:
        """JSON text; None is no arguments."""

    @property
    def due(self) -> float:
        """Due time in seconds since 1970 (Postgres' clock)."""

    @property
    def waited(self) -> float:
        """Seconds from the due time to the claim."""

    @property
    def slot(self) -> datetime | None: ...
    @property
    def limit_key(self) -> str | None: ...
    @property
    def unique_key(self) -> str | None: ...


class Ending:
    """How one attempt ended here, on its way to the database.

    One is made for every run, so only what every ending has is set on the instance; the rest are the class' defaults.
    """

    plain: bool = False
    """A success of which there is nothing more to say: none of the following is set."""
    result: str | None = None
    """JSON text."""
    error: str | None = None
    traceback: str | None = None
    reason: str | None = None
    items: Items | None = None
    again_in: float | None = None
    """Seconds until the next attempt; only where `again` is true."""
    again: bool = False
    """The run goes back to its queue instead of ending."""
    spend: int = 0
    """Retries that this costs."""
    written: bool = False
    """Committed with the job's own transaction already."""

    def __init__(
        self, run: Claimed, node: int, outcome: Outcome, ended: float, took: float, waited: float
    ) -> None:
        self.run = run
        self.node = node
        """The node that claimed it; its lease fences the ending."""
        self.outcome = outcome
        self.ended = ended
        """Monotonic clock of this process."""
        self.took = took
        """Seconds from start to end."""
        self.waited = waited
        """Seconds from the due time to the start."""
