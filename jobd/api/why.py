"""/v1/why: one sentence that says why a run, a job, a queue or a schedule is as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web

from jobd.api.app import answer, control
from jobd.api.bodies import Nothing, named, query, run_id
from jobd.model.health import Health
from jobd.model.why import Cause, Why
from jobd.model.why_job import why_job
from jobd.model.why_others import why_queue, why_schedule
from jobd.model.why_run import why_run

_NOBODY_WORKS = frozenset({"no_node", "queue_not_served", "job_not_known", "nobody_fires"})
_OWN = "daemon_"
_MEND = {
    "paused": "systemctl stop jobd; jobd adopt; systemctl start jobd",
    "disabled": "set [daemon] enabled = true",
    "not_joined": "jobctl doctor",
}


async def of_run(request: web.Request) -> web.Response:
    """Of one run."""
    query(request, Nothing)
    daemon = control(request)
    return _told(why_run(await daemon.views.why.of_run(run_id(request))), daemon.health())


async def of_job(request: web.Request) -> web.Response:
    """Of one job."""
    query(request, Nothing)
    daemon = control(request)
    return _told(why_job(await daemon.views.why.of_job(named(request))), daemon.health())


async def of_queue(request: web.Request) -> web.Response:
    """Of one queue."""
    query(request, Nothing)
    daemon = control(request)
    return _told(why_queue(await daemon.views.why.of_queue(named(request))), daemon.health())


async def of_schedule(request: web.Request) -> web.Response:
    """Of one schedule."""
    query(request, Nothing)
    daemon = control(request)
    return _told(why_schedule(await daemon.views.why.of_schedule(named(request))), daemon.health())


def _told(why: Why, health: Health) -> web.Response:
    causes = dict.fromkeys(_of_this_daemon(cause, health) for cause in why.causes)  # two may come to the same
    why = replace(why, causes=tuple(sorted(causes, key=lambda cause: not cause.code.startswith(_OWN))))
    body: dict[str, Any] = {"subject": why.subject, "state": why.state, "sentence": why.sentence, "causes": why.causes}
    return answer(body)


def _of_this_daemon(cause: Cause, health: Health) -> Cause:
    """Where nobody works, the daemon that answers knows why better than the rows do."""
    if cause.code in _NOBODY_WORKS:
        for notice in health.notices:
            if notice.code in _MEND:
                return Cause(code=f"{_OWN}{notice.code}", text=notice.message, mend=_MEND[notice.code])
    return cause
