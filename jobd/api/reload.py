"""/v1/reload and the schedules that jobd writes down itself; /v1/doctor, what a daemon finds around it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from jobd.api.app import answer, caller, control
from jobd.api.bodies import Name, Nothing, Text, body, named, query
from jobd.api.wishes import Why
from jobd.model.finding import Examination, well
from jobd.model.reports import NextSlots
from jobd.model.schedule import Schedule


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reload(Why):
    """POST /v1/reload; the body may be empty."""

    dry_run: bool = False


class ScheduleBody(Why):
    """POST and PUT /v1/schedules/{name}: the table `[schedules.NAME]`, checked as jobd.toml is; and why."""

    job: Name
    cron: Text | None = None
    every: Text | None = None
    at: Text | None = None
    timezone: Text | None = None
    catch_up_window: Text | None = None
    args: dict[str, Any] | None = None
    enabled: bool | None = None


class NextQuery(_Strict):
    """GET /v1/schedules/{name}/next?n=5"""

    n: Annotated[int, Field(ge=1, le=1000)] = 5


async def reloaded(request: web.Request) -> web.Response:
    """What the files change, taken over unless it is a dry run; 422 with every problem when they cannot be used."""
    wanted = await body(request, Reload)
    who = caller(request).actor
    return answer(await control(request).reload(who, dry_run=wanted.dry_run, reason=wanted.reason))


async def schedule_added(request: web.Request) -> web.Response:
    """A new schedule in jobd.d/schedules.toml, taken over at once: 201 with what changed."""
    return await _written(request, new=True)


async def schedule_edited(request: web.Request) -> web.Response:
    """Another table for a schedule of jobd.d/schedules.toml, taken over at once."""
    return await _written(request, new=False)


async def schedule_removed(request: web.Request) -> web.Response:
    """A schedule of jobd.d/schedules.toml is gone; runs of it that wait stay."""
    query(request, Nothing)
    wanted, who = await body(request, Why), caller(request).actor
    return answer(await control(request).write_schedule(named(request), None, who, new=False, reason=wanted.reason))


async def schedule_next(request: web.Request) -> web.Response:
    """In words when a schedule fires, and its next slots; of a schedule that is not fired now, when it would."""
    wanted, daemon, name = query(request, NextQuery), control(request), named(request)
    schedule = await daemon.views.schedule(name)
    now = await daemon.views.now()
    return answer(
        NextSlots(
            name=name,
            job=schedule.job,
            timezone=schedule.timezone,
            description=schedule.describe(),
            catch_up_seconds=schedule.catch_up_window.total_seconds(),
            warnings=schedule.warnings(),
            next=_slots(schedule, now, wanted.n),
            args=daemon.views.mask.of("args", dict(schedule.args)),
        )
    )


async def examined(request: web.Request) -> web.Response:
    """Everything that the daemon needs from the outside, tried once; takes up to ten seconds."""
    query(request, Nothing)
    findings = await control(request).doctor()
    return answer(Examination(well=well(findings), findings=tuple(findings)))


async def _written(request: web.Request, *, new: bool) -> web.Response:
    wanted = await body(request, ScheduleBody)
    table = wanted.model_dump(exclude_none=True, exclude={"reason"})
    who = caller(request).actor
    changes = await control(request).write_schedule(named(request), table, who, new=new, reason=wanted.reason)
    return answer(changes, 201 if new else 200)


def _slots(schedule: Schedule, after: datetime, count: int) -> tuple[datetime, ...]:
    slots: list[datetime] = []
    while len(slots) < count and (slot := schedule.next_after(slots[-1] if slots else after)) is not None:
        slots.append(slot)
    return tuple(slots)
