"""/v1/runs: enqueue, list, show, cancel, retry, wait."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from aiohttp import web

from jobd.api.app import answer, caller, control
from jobd.api.bodies import Cancel, Enqueue, Nothing, RunsQuery, WaitQuery, body, due_at, query, run_id
from jobd.api.control import Control
from jobd.api.refusals import Refused
from jobd.errors import ArgumentsRefused, Conflict, NotFound
from jobd.model.run import NewRun, Run, RunState
from jobd.model.storable import storable, storable_text
from jobd.store.run_pages import Cursor, RunFilter


async def enqueued(request: web.Request) -> web.Response:
    """A new run, 201 with its id; 200 with the id of the run that has the key already."""
    wanted, daemon = await body(request, Enqueue), control(request)
    args = _arguments(daemon, wanted)
    if wanted.queue is not None and wanted.queue not in daemon.queues:
        raise Refused(
            400,
            "unknown_queue",
            f"there is no queue {wanted.queue}",
            hint=_nearest(wanted.queue, daemon.queues),
        )
    new = NewRun(
        job=wanted.job,
        args=args,
        queue=wanted.queue,
        priority=wanted.priority,
        due_at=due_at(wanted, await daemon.views.now()) if wanted.delay or wanted.at else None,
        source=caller(request).source,
        key=wanted.key,
    )
    run, fresh = await daemon.enqueue(new)
    return answer({"id": run, "fresh": fresh}, 201 if fresh else 200)


async def listed(request: web.Request) -> web.Response:
    """A page of runs."""
    wanted = query(request, RunsQuery)
    try:
        after = Cursor.parse(wanted.after) if wanted.after else Cursor()
    except ValueError as error:
        raise Refused(400, "bad_request", f"after: {error}") from error
    chosen = RunFilter(
        states=wanted.state or frozenset(RunState),
        job=wanted.job,
        queue=wanted.queue,
        schedule=wanted.schedule,
    )
    return answer(await control(request).views.runs.page(chosen, after=after, limit=wanted.limit))


async def shown(request: web.Request) -> web.Response:
    """One run whole."""
    return answer(await control(request).views.runs.one(run_id(request)))


async def cancelled(request: web.Request) -> web.Response:
    """The run's end: 200 when it has ended by this, 202 when its node was asked."""
    wanted, who, daemon = await body(request, Cancel), caller(request), control(request)
    reason = storable_text(wanted.reason or f"cancelled by {who.source}")
    number = run_id(request)
    try:
        state = await daemon.cancel(number, reason)
    except NotFound:
        run = await daemon.views.runs.one(number)
        raise Conflict(f"run {number} has ended already: {run.state}") from None
    return answer({"id": number, "state": state}, 200 if state.final else 202)


async def retried(request: web.Request) -> web.Response:
    """An ended run again as a new one: 201 with the new id."""
    await body(request, Nothing)
    number, daemon = run_id(request), control(request)
    try:
        new = await daemon.retry(number, caller(request).source)
    except NotFound:
        raise _why_no_retry(await daemon.views.runs.one(number)) from None
    return answer({"id": new, "retried_from": number}, 201)


async def awaited(request: web.Request) -> web.Response:
    """The run once it has ended, or as it stands after `timeout` seconds; the caller asks again."""
    wanted, number, daemon = query(request, WaitQuery), run_id(request), control(request)
    run = await daemon.views.runs.one(number)
    if not run.state.final and wanted.timeout:
        await daemon.until_ended(number, wanted.timeout)
        run = await daemon.views.runs.one(number)
    return answer(run)


def _arguments(daemon: Control, wanted: Enqueue) -> dict[str, object]:
    """The trigger's arguments, checked together with the job's own against what its function takes."""
    job = daemon.jobs.get(wanted.job)
    if job is None:
        raise Refused(404, "unknown_job", f"there is no job {wanted.job}", hint=_nearest(wanted.job, daemon.jobs))
    if twice := sorted(wanted.args.keys() & wanted.arg_texts.keys()):
        raise ArgumentsRefused(f"{twice[0]}: stands in args and in arg_texts")
    parameters = daemon.parameters(wanted.job)
    args = {**wanted.args, **parameters.from_texts(wanted.arg_texts)}
    storable(args)
    if problems := parameters.problems({**job.args, **args}):
        raise ArgumentsRefused("; ".join(problems))
    return args


def _nearest(name: str, names: Iterable[str]) -> str | None:
    near = get_close_matches(name, list(names), n=1)
    return f'did you mean "{near[0]}"?' if near else None


def _why_no_retry(run: Run) -> Conflict:
    if run.state.final:
        return Conflict(f"run {run.id} cannot be tried again: its job {run.job} is not configured any more")
    return Conflict(f"run {run.id} has not ended: {run.state}; only an ended run is tried again")
