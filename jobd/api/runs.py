"""/v1/runs: enqueue, list, show, cancel, retry, wait."""

from __future__ import annotations

from aiohttp import web

from jobd.api.app import answer, caller, control
from jobd.api.bodies import Cancel, Enqueue, RunsQuery, WaitQuery, body, checked, json_body, query, run_id
from jobd.api.enqueue import enqueue_many, new_run
from jobd.api.filters import filter_of, fitting
from jobd.api.refusals import Refused
from jobd.api.wishes import CountQuery, Why
from jobd.errors import Conflict, NotFound
from jobd.model.reports import Counted
from jobd.model.run import Run, RunState
from jobd.model.storable import storable_text
from jobd.store.run_pages import RunFilter
from jobd.store.run_rows import Cursor


async def enqueued(request: web.Request) -> web.Response:
    """A new run, 201 with its id; 200 with the id of the run that has the key already. For an array 201 with ids."""
    value, daemon, source = await json_body(request), control(request), caller(request).source
    keys = request.headers.getall("Idempotency-Key", [])
    if len(keys) > 1:
        raise Refused(400, "bad_request", "Idempotency-Key stands more than once: which one holds?")
    key = keys[0] if keys else None
    if isinstance(value, list):
        if key is not None:
            raise Refused(400, "bad_request", "Idempotency-Key is for one run; in an array each has a key of its own")
        return answer({"ids": await enqueue_many(daemon, value, source)}, 201)
    run, fresh = await daemon.enqueue(await new_run(daemon, _keyed(checked(Enqueue, value), key), source))
    return answer({"id": run, "fresh": fresh}, 201 if fresh else 200)


async def listed(request: web.Request) -> web.Response:
    """A page of runs."""
    wanted, views = query(request, RunsQuery), control(request).views
    try:
        after = Cursor.parse(wanted.after) if wanted.after else Cursor()
    except ValueError as error:
        raise Refused(400, "bad_request", f"after: {error}") from error
    if wanted.filter is not None:
        if others := sorted(wanted.model_fields_set & {"state", "job", "queue", "schedule"}):
            raise Refused(400, "bad_request", f"{others[0]}: belongs into the filter when there is one")
        return answer(await views.search.page(filter_of(wanted.filter), after=after, limit=wanted.limit))
    chosen = RunFilter(
        states=wanted.state or frozenset(RunState),
        job=wanted.job,
        queue=wanted.queue,
        schedule=wanted.schedule,
    )
    return answer(await views.runs.page(chosen, after=after, limit=wanted.limit))


async def counted(request: web.Request) -> web.Response:
    """How many runs the filter finds, or a bulk would touch, up to 10,000 or what was asked for."""
    wanted = query(request, CountQuery)
    chosen = filter_of(wanted.filter)
    if wanted.action is not None:
        chosen = fitting(wanted.action, chosen)
    count, since = await control(request).views.search.count(chosen, most=wanted.most)
    return answer(Counted(count=count.count, more=count.more, since=since))


async def shown(request: web.Request) -> web.Response:
    """One run whole."""
    return answer(await control(request).views.runs.one(run_id(request)))


async def cancelled(request: web.Request) -> web.Response:
    """The run's end: 200 when it has ended by this, 202 when its node was asked."""
    wanted, who, daemon = await body(request, Cancel), caller(request), control(request)
    reason = storable_text(wanted.reason) if wanted.reason else None
    number = run_id(request)
    try:
        state = await daemon.operations.cancel(number, reason, who.actor)
    except NotFound:
        run = await daemon.views.runs.one(number)
        raise Conflict(f"run {number} has ended already: {run.state}") from None
    return answer({"id": number, "state": state}, 200 if state.final else 202)


async def retried(request: web.Request) -> web.Response:
    """An ended run again as a new one: 201 with the new id. A scheduled one is due now: 200 with its own."""
    wanted, number, daemon = await body(request, Why), run_id(request), control(request)
    try:
        run, fresh = await daemon.operations.retry(number, caller(request).actor, wanted.reason)
    except NotFound:
        raise _why_no_retry(await daemon.views.runs.one(number)) from None
    return answer({"id": run, "retried_from": number if fresh else None}, 201 if fresh else 200)


async def awaited(request: web.Request) -> web.Response:
    """The run once it has ended, or as it stands after `timeout` seconds; the caller asks again."""
    wanted, number, daemon = query(request, WaitQuery), run_id(request), control(request)
    run = await daemon.views.runs.one(number)
    if not run.state.final and wanted.timeout:
        await daemon.until_ended(number, wanted.timeout)
        run = await daemon.views.runs.one(number)
    return answer(run)


def _keyed(wanted: Enqueue, key: str | None) -> Enqueue:
    """`wanted` with the key of the header, which must not contradict the one of the body."""
    if key is None:
        return wanted
    if wanted.key not in (None, key):
        raise Refused(400, "bad_request", "Idempotency-Key and key are two different ones")
    return checked(Enqueue, {**wanted.model_dump(exclude_unset=True), "key": key})


def _why_no_retry(run: Run) -> Conflict:
    if run.state.final:
        return Conflict(f"run {run.id} cannot be tried again: its job {run.job} is not configured any more")
    if run.state is RunState.RUNNING:
        rest = f"to end it first: jobctl cancel {run.id}"
    else:
        rest = f"what it waits for: jobctl why {run.id}"
    return Conflict(f"run {run.id} has not ended: {run.state}; {rest}")
