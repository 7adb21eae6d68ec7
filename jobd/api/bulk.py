"""/v1/runs/bulk and /v1/bulk: one action on all runs that a filter finds, done by the daemon in batches."""

from __future__ import annotations

from aiohttp import web

from jobd.api.app import answer, caller, control
from jobd.api.bodies import Nothing, body, named, query, run_id
from jobd.api.filters import filter_of
from jobd.api.naming import nearest
from jobd.api.refusals import Refused
from jobd.api.wishes import BulkBody, LimitQuery, Purge, Why
from jobd.errors import NotFound
from jobd.model.bulk import BulkAction
from jobd.model.change import Action


async def begun(request: web.Request) -> web.Response:
    """202 with the bulk, which goes on by itself; 409 when more than a tenth more match than were expected."""
    wanted, daemon = await body(request, BulkBody), control(request)
    if wanted.to is not None and wanted.to not in daemon.queues:
        hint = nearest(wanted.to, daemon.queues, "queues")
        raise Refused(400, "unknown_queue", f"there is no queue {wanted.to}", hint=hint)
    chosen = filter_of(wanted.filter)
    try:
        bulk = await daemon.operations.begin(
            wanted.action, chosen, wanted.expected_count, caller(request).actor, queue=wanted.to, reason=wanted.reason
        )
    except ValueError as error:
        raise Refused(400, "bad_filter", str(error)) from error
    return answer(bulk, 202)


async def purged(request: web.Request) -> web.Response:
    """202 with a bulk that cancels all runs which wait in the queue; what runs is left alone."""
    wanted, daemon, name = await body(request, Purge), control(request), named(request)
    if not await daemon.views.queues(name):
        raise NotFound(f"there is no queue {name}")
    chosen = filter_of(f'state:queued,scheduled,waiting queue:"{name}"')
    who = caller(request).actor
    reason = wanted.reason or f"queue {name} was purged by {who.name}"
    bulk = await daemon.operations.begin(
        BulkAction.CANCEL, chosen, wanted.expected_count, who, reason=reason, journal=Action.QUEUE_PURGE
    )
    return answer(bulk, 202)


async def listed(request: web.Request) -> web.Response:
    """The latest bulks, newest first."""
    wanted = query(request, LimitQuery)
    return answer({"bulks": await control(request).operations.bulks(wanted.limit)})


async def shown(request: web.Request) -> web.Response:
    """One bulk and how far it is."""
    query(request, Nothing)
    return answer(await control(request).operations.bulk(run_id(request)))


async def stopped(request: web.Request) -> web.Response:
    """The bulk, which ends after the batch in hand; what was done stays done."""
    wanted = await body(request, Why)
    return answer(await control(request).operations.stop(run_id(request), caller(request).actor, wanted.reason))
