"""Validated tables → queues, jobs and schedules of `jobd/model`. Called when no problem was found."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from jobd.config.across import STANDARD_QUEUES
from jobd.config.directories import resolved
from jobd.config.due import WHEN
from jobd.config.job_tables import DefaultsTable, Due, JobTable, QueueTable, ScheduleTable
from jobd.config.layers import Merged
from jobd.config.positions import Path
from jobd.config.validated import Tables
from jobd.errors import Problem
from jobd.model.duration import format_duration
from jobd.model.instant import instant_of
from jobd.model.job import Concurrency, Job, Unique
from jobd.model.queue import Charge, Queue
from jobd.model.retry import Backoff, RetryPolicy
from jobd.model.schedule import Schedule

T = TypeVar("T")


def queues(tables: Mapping[str, QueueTable]) -> Mapping[str, Queue]:
    """`[queues]`, or the four standard ones when it is not written."""
    if not tables:
        return MappingProxyType(STANDARD_QUEUES)
    return MappingProxyType({name: _queue(name, table) for name, table in tables.items()})


def jobs(tables: Tables, merged: Merged, env: Mapping[str, Mapping[str, str]]) -> Mapping[str, Job]:
    """`[jobs]`; `env` holds the commands' environments as they were resolved."""
    return MappingProxyType(
        {name: _job(name, table, tables.defaults, merged, env[name]) for name, table in tables.jobs.items()}
    )


def schedules(tables: Tables, merged: Merged) -> Mapping[str, Schedule]:
    """`[schedules]` and the shorthands of jobs, each with its time zone."""
    found = {
        name: _schedule(name, name, table, tables.daemon.timezone, merged.origin(("jobs", name, when)))
        for name, table in tables.jobs.items()
        for when in WHEN
        if getattr(table, when) is not None
    }
    for name, table in tables.schedules.items():
        found[name] = _schedule(name, table.job, table, tables.daemon.timezone, merged.origin(("schedules", name)))
    return MappingProxyType(found)


def retry_problems(tables: Tables, merged: Merged) -> list[Problem]:
    """Jobs whose pause is longer than their longest pause."""
    problems = []
    for name, table in tables.jobs.items():
        policy = retry_policy(table, tables.defaults)
        if policy.delay > policy.max_delay:
            at = next((key for key in ("max_retry_delay", "retry_delay") if getattr(table, key) is not None), None)
            path: Path = ("jobs", name, at) if at else ("defaults", "max_retry_delay")
            what = f"retry_delay {format_duration(policy.delay)} is longer than max_retry_delay"
            problems.append(merged.problem(path, what, "raise max_retry_delay, or leave it out"))
            if at is None:
                break  # the defaults are wrong once, whatever the number of jobs
    return problems


def retry_policy(job: JobTable, defaults: DefaultsTable) -> RetryPolicy:
    """The job's own words over the defaults'; what neither says follows from the rest."""
    backoff = Backoff(job.backoff or defaults.backoff)
    delay = _first(job.retry_delay, defaults.retry_delay)
    longest = _first(job.max_retry_delay, defaults.max_retry_delay, max(RetryPolicy().max_delay, delay))
    jitter = _first(job.jitter, defaults.jitter, 1.0 if backoff is Backoff.EXPONENTIAL else 0.0)
    return RetryPolicy(
        retries=_first(job.retries, defaults.retries),
        delay=delay,
        backoff=backoff,
        max_delay=longest,
        jitter=jitter,
    )


def _queue(name: str, table: QueueTable) -> Queue:
    return Queue(
        name=name,
        weight=table.weight,
        max=table.max,
        global_max=table.global_max,
        reserve=table.reserve,
        strict=table.strict,
        charge=Charge(table.charge),
    )


def _job(name: str, table: JobTable, defaults: DefaultsTable, merged: Merged, env: Mapping[str, str]) -> Job:
    at: Path = ("jobs", name)
    return Job(
        name=name,
        run=table.run,
        command=None if table.command is None else tuple(table.command),
        queue=table.queue,
        priority=table.priority,
        args=MappingProxyType(table.args),
        timeout=table.timeout if "timeout" in table.model_fields_set else defaults.timeout,
        retry=retry_policy(table, defaults),
        enabled=table.enabled,
        requires=tuple(table.requires),
        concurrency=_concurrency(table),
        global_max=table.global_max,
        unique=_unique(table),
        env=MappingProxyType(dict(env)),
        cwd=None if table.cwd is None else str(resolved(merged, (*at, "cwd"), table.cwd)),
        description=table.description,
        place=merged.origin(at),
    )


def _concurrency(table: JobTable) -> Concurrency | None:
    limit = table.concurrency
    return None if limit is None else Concurrency(key=limit.key.removeprefix("args."), max=limit.max)


def _unique(table: JobTable) -> Unique | None:
    unique = table.unique
    if unique is None:
        return None
    return Unique(key=tuple(key.removeprefix("args.") for key in unique.key), within=unique.within)


def _schedule(name: str, job: str, table: Due, default_zone: str, place: str) -> Schedule:
    timezone = table.timezone or default_zone
    return Schedule(
        name=name,
        job=job,
        cron=table.cron,
        every=table.every,
        at=instant_of(table.at, timezone),
        timezone=timezone,
        args=MappingProxyType(table.args if isinstance(table, ScheduleTable) else {}),
        enabled=table.enabled if isinstance(table, ScheduleTable) else True,
        catch_up_window=table.catch_up_window,
        place=place,
    )


def _first(*values: T | None) -> T:
    return next(value for value in values if value is not None)
