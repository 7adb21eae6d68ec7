"""A job: what runs, where it waits and how it is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from jobd.model.retry import RetryPolicy

NO_ARGS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """`concurrency = { key = "args.user_id", max = 1 }`: so many running runs for one `key`, over all nodes."""

    key: str
    """Path into the arguments, without the leading `args.`."""
    max: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """`unique = { key = "args.email", within = "1h" }`: a second enqueue gets the first one's id."""

    key: tuple[str, ...] = ()
    """Paths into the arguments, without the leading `args.`; empty means all arguments."""
    within: timedelta | None = None
    """Absent: until the run has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A function or a command and its policy, from one table `[jobs.NAME]`."""

    name: str
    run: str | None = None
    """`package.module:function`; absent for a command."""
    command: tuple[str, ...] | None = None
    """argv, never a shell line; absent for a function."""
    queue: str = "default"
    priority: int = 0
    """Smaller goes first inside a queue; -100 to 100."""
    args: Mapping[str, Any] = field(default_factory=lambda: NO_ARGS)
    """Defaults that a trigger's own arguments override."""
    timeout: timedelta | None = timedelta(minutes=10)
    retry: RetryPolicy = RetryPolicy()
    enabled: bool = True
    requires: tuple[str, ...] = ()
    """Application tables without which the job is shown as disabled instead of failing."""
    concurrency: Concurrency | None = None
    global_max: int | None = None
    """At most so many running runs of this job over all nodes."""
    unique: Unique | None = None
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Commands only: added to a clean environment. Never printed, for it may hold passwords."""
    cwd: str | None = None
    description: str = ""
    place: str = ""
    """file:line of its table, for messages."""
