"""/v1/jobs: every job with what it takes, when it is due and how it did."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from jobd.api.app import answer, control
from jobd.api.bodies import Nothing, named, query
from jobd.api.control import Control
from jobd.errors import UnknownJob
from jobd.model.reports import JobReport, ParameterReport


async def listed(request: web.Request) -> web.Response:
    """All jobs by name."""
    query(request, Nothing)
    daemon = control(request)
    return answer({"jobs": [_with_parameters(job, daemon) for job in await daemon.views.jobs()]})


async def shown(request: web.Request) -> web.Response:
    """One job."""
    query(request, Nothing)
    daemon, name = control(request), named(request)
    for job in await daemon.views.jobs(name):
        return answer(_with_parameters(job, daemon))
    raise UnknownJob(f"there is no job {name}")


def _with_parameters(job: JobReport, daemon: Control) -> JobReport:
    """Other daemons' jobs are listed, too, but only what this node knows shows what it takes."""
    if (known := daemon.jobs.get(job.name)) is None:
        return job
    parameters, args = daemon.parameters(job.name), dict(known.args)
    told = daemon.views.mask.of("args", args)
    told = told if isinstance(told, dict) else dict.fromkeys(args, told)  # all of them is each of them
    listed = tuple(
        ParameterReport(
            name=one.name,
            type=one.type,
            required=one.required and one.name not in args,
            default=told.get(one.name, one.default if _is_json(one.default) else str(one.default)),
        )
        for one in parameters.listed
    )
    return replace(job, parameters=listed, open=parameters.open, command=known.command is not None)


def _is_json(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, bool, list, dict))
