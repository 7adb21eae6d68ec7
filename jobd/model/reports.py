"""What people are shown about jobs, schedules, queues and nodes: facts, beside what was configured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jobd.model.run import Run, RunState

COUNTED = 10_000
"""Counting stops here: the exact length of a long queue is worth no long query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number that stops at 10,000; then `more` is true."""

    count: int = 0
    more: bool = False

    @classmethod
    def of(cls, counted: int) -> Count:
        """From a count that was allowed to reach one more than the limit."""
        return cls(count=min(counted, COUNTED), more=counted > COUNTED)

    def __str__(self) -> str:
        return f"{self.count:,}{'+' if self.more else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many runs a filter finds; `more` is true where counting stopped."""

    count: int
    more: bool
    since: datetime | None = None
    """As of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Runs, newest first: live ones by id, then ended ones by the time they ended.

    `next` fetches what follows; absent on the last page. A run that ends between two pages can stand on both.
    """

    runs: tuple[Run, ...]
    next: str | None = None
    since: datetime | None = None
    """Set when ended runs before this were not looked at: a search for texts or arguments goes back 24 h unless its
    filter says `since:`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """How the latest run of a job or schedule stands."""

    id: int
    state: RunState
    finished_at: datetime | None = None
    """Absent while it has not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterReport:
    name: str
    type: str
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    name: str
    queue: str
    priority: int
    retries: int
    enabled: bool
    disabled_reason: str | None = None
    running: int = 0
    next_due: datetime | None = None
    """The earliest slot of its schedules; absent when none is due."""
    last: LastRun | None = None
    """The run that ended last; absent when none is in history."""
    retrying: int = 0
    """Runs that wait for another attempt after one that did not succeed."""
    parameters: tuple[ParameterReport, ...] | None = None
    """Absent when this node does not know the job."""
    open: bool = False
    """Takes arguments that are not listed, too, as commands do."""
    command: bool = False
    """It is a program, which gets its arguments as JSON in JOBD_ARGS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleReport:
    name: str
    job: str
    enabled: bool
    disabled_reason: str | None = None
    cron: str | None = None
    """Exactly one of `cron`, `every_seconds` and `at` is there."""
    every_seconds: float | None = None
    at: datetime | None = None
    timezone: str = "UTC"
    description: str = ""
    """When it fires, in words: `every 30 minutes`."""
    next_slot: datetime | None = None
    last_slot: datetime | None = None
    last: LastRun | None = None
    paused_at: datetime | None = None
    paused_by: str | None = None
    paused_until: datetime | None = None
    pause_reason: str | None = None
    place: str = ""
    outcomes: tuple[LastRun, ...] = ()
    """Its latest ended runs, oldest first; filled only where they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextSlots:
    """In words when a schedule fires, and its next slots; of one that is not fired now, when it would."""

    name: str
    job: str
    timezone: str
    description: str
    catch_up_seconds: float
    warnings: tuple[str, ...] = ()
    next: tuple[datetime, ...] = ()
    args: Mapping[str, Any] | str = field(default_factory=dict)
    """What it gives its runs beyond the job's own; masked where `[privacy] redact` says so: a text where all is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueReport:
    name: str
    weight: int
    """The one that counts: an operator's where there is one."""
    configured_weight: int
    weight_by: str | None = None
    """Who set another weight than the configured; absent when nobody did."""
    weight_reason: str | None = None
    max: int | None = None
    global_max: int | None = None
    reserve: int = 0
    strict: bool = False
    queued: Count = Count()
    """Waiting for a worker now, blocked and suspect ones among them."""
    blocked: Count = Count()
    """Of those, held back by a limit of their own."""
    scheduled: Count = Count()
    running: int = 0
    busy_seconds: float = 0.0
    """What its running runs have taken of the last hour so far, all together; statistics count them when they end."""
    oldest_due_at: datetime | None = None
    """Since when the longest waiting run is due; absent when none waits."""
    oldest_seconds: float | None = None
    paused_at: datetime | None = None
    paused_by: str | None = None
    paused_until: datetime | None = None
    pause_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReport:
    id: int
    name: str
    host: str
    pid: int
    version: str
    workers: int
    state: str
    """running, quiet, draining, drained, stopping; then `left` (said goodbye) or `lost` (did not)."""
    alive: bool
    running: int
    claimed: int
    """Claimed and not started yet."""
    started_at: datetime
    beat_at: datetime
    lease_until: datetime
    beat_age_seconds: float
    left_at: datetime | None = None
    desired: str = "running"
    """What operators want of it: running, quiet, drain."""
    desired_by: str | None = None
    desired_reason: str | None = None
    lag_ms: float | None = None
    """The longest time that its main loop kept something waiting between its last beats; absent before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Runs by state now, and by outcome in the last hour."""

    queued: Count = Count()
    scheduled: Count = Count()
    retrying: Count = Count()
    """Of the scheduled and queued ones, those that were tried before."""
    running: int = 0
    hour: dict[str, int] = field(default_factory=dict)
    """succeeded, failed, cancelled, skipped, retried."""
