"""Every path of the API and who may take it. What is not in this list does not exist."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from jobd.api import jobs, nodes, queues, reload, runs, schedules, status, why
from jobd.api.refusals import Handler
from jobd.model.roles import Role


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    handler: Handler
    role: Role
    """The least role that may."""


ROUTES = (
    Route("GET", "/livez", status.alive, Role.VIEWER),
    Route("GET", "/readyz", status.ready, Role.VIEWER),
    Route("GET", "/v1/status", status.shown, Role.VIEWER),
    Route("GET", "/v1/jobs", jobs.listed, Role.VIEWER),
    Route("GET", "/v1/jobs/{name}", jobs.shown, Role.VIEWER),
    Route("GET", "/v1/schedules", schedules.listed, Role.VIEWER),
    Route("GET", "/v1/schedules/{name}", schedules.shown, Role.VIEWER),
    Route("GET", "/v1/schedules/{name}/next", reload.schedule_next, Role.VIEWER),
    Route("POST", "/v1/schedules/{name}", reload.schedule_added, Role.ADMIN),
    Route("PUT", "/v1/schedules/{name}", reload.schedule_edited, Role.ADMIN),
    Route("DELETE", "/v1/schedules/{name}", reload.schedule_removed, Role.ADMIN),
    Route("POST", "/v1/reload", reload.reloaded, Role.ADMIN),
    Route("GET", "/v1/doctor", reload.examined, Role.OPERATOR),
    Route("GET", "/v1/why/run/{id:[0-9]{1,19}}", why.of_run, Role.VIEWER),
    Route("GET", "/v1/why/queue/{name}", why.of_queue, Role.VIEWER),
    Route("GET", "/v1/why/schedule/{name}", why.of_schedule, Role.VIEWER),
    Route("GET", "/v1/queues", queues.listed, Role.VIEWER),
    Route("GET", "/v1/queues/{name}", queues.shown, Role.VIEWER),
    Route("GET", "/v1/nodes", nodes.listed, Role.VIEWER),
    Route("GET", "/v1/runs", runs.listed, Role.VIEWER),
    Route("POST", "/v1/runs", runs.enqueued, Role.OPERATOR),
    Route("GET", "/v1/runs/{id:[0-9]{1,19}}", runs.shown, Role.VIEWER),
    Route("GET", "/v1/runs/{id:[0-9]{1,19}}/wait", runs.awaited, Role.VIEWER),
    Route("POST", "/v1/runs/{id:[0-9]{1,19}}/cancel", runs.cancelled, Role.OPERATOR),
    Route("POST", "/v1/runs/{id:[0-9]{1,19}}/retry", runs.retried, Role.OPERATOR),
)


def add_routes(app: web.Application) -> dict[web.AbstractRoute, Role]:
    """Puts the list on the router (without HEAD, which nobody needs here); the role that each route asks for."""
    return {app.router.add_route(route.method, route.path, route.handler): route.role for route in ROUTES}
