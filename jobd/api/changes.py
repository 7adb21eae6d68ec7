"""Pause, resume, weigh, quiet, drain: what operators change, and /v1/audit, where it is remembered and undone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from jobd.api.app import answer, caller, control
from jobd.api.bodies import body, named, query, run_id
from jobd.api.wishes import AuditQuery, Pause, Weight, Why
from jobd.model.change import Action, Change

Handler = Callable[[web.Request], Awaitable[web.Response]]


def _paused(action: Action) -> Handler:
    async def paused(request: web.Request) -> web.Response:
        """The entry of the journal; nothing of it starts until somebody resumes, or until the end that was given."""
        wanted, daemon = await body(request, Pause), control(request)
        until = wanted.end(await daemon.views.now()) if wanted.length is not None else wanted.until
        return await _changed(
            request, Change(action=action, target=named(request), reason=wanted.reason, until=until)
        )

    return paused


def _simple(action: Action, target: Callable[[web.Request], object] = named) -> Handler:
    async def simple(request: web.Request) -> web.Response:
        """The entry of the journal."""
        wanted = await body(request, Why)
        return await _changed(request, Change(action=action, target=str(target(request)), reason=wanted.reason))

    return simple


queue_paused = _paused(Action.QUEUE_PAUSE)
queue_resumed = _simple(Action.QUEUE_RESUME)
schedule_paused = _paused(Action.SCHEDULE_PAUSE)
schedule_resumed = _simple(Action.SCHEDULE_RESUME)
node_quieted = _simple(Action.NODE_QUIET, run_id)
node_drained = _simple(Action.NODE_DRAIN, run_id)
node_resumed = _simple(Action.NODE_RESUME, run_id)


async def queue_weighed(request: web.Request) -> web.Response:
    """The entry of the journal; the weight holds over reloads and restarts until it is taken back."""
    wanted, name = await body(request, Weight), named(request)
    change = Change(action=Action.QUEUE_WEIGHT, target=name, reason=wanted.reason, weight=wanted.weight)
    return await _changed(request, change)


async def schedule_triggered(request: web.Request) -> web.Response:
    """201 with the id of a run as the schedule would start it, now; its slots stay as they are."""
    wanted, name = await body(request, Why), named(request)
    run, fresh = await control(request).operations.trigger(name, caller(request).actor, wanted.reason)
    return answer({"id": run, "fresh": fresh}, 201 if fresh else 200)


async def listed(request: web.Request) -> web.Response:
    """The journal, newest first."""
    wanted = query(request, AuditQuery)
    page = await control(request).views.audit.page(
        target=wanted.target, action=wanted.action, actor=wanted.actor, before=wanted.after, limit=wanted.limit
    )
    return answer(page)


async def undone(request: web.Request) -> web.Response:
    """The entry of the journal that puts back what another one replaced."""
    wanted = await body(request, Why)
    return answer(await control(request).operations.undo(run_id(request), caller(request).actor, wanted.reason))


async def _changed(request: web.Request, change: Change) -> web.Response:
    return answer(await control(request).operations.change(change, caller(request).actor))
