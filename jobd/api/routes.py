"""Every path of the API and who may take it. What is not in this list does not exist."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from jobd.api import (
    bulk,
    changes,
    database,
    events,
    jobs,
    me,
    metrics,
    nodes,
    openapi,
    outbox,
    queues,
    reload,
    runs,
    schedules,
    settings,
    stats,
    status,
    tokens,
    why,
)
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
    Route("GET", "/metrics", metrics.shown, Role.VIEWER),
    Route("GET", "/v1/openapi.json", openapi.shown, Role.VIEWER),
    Route("GET", "/v1/status", status.shown, Role.VIEWER),
    Route("GET", "/v1/me", me.shown, Role.VIEWER),
    Route("GET", "/v1/database", database.shown, Role.VIEWER),
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
    Route("GET", "/v1/why/job/{name}", why.of_job, Role.VIEWER),
    Route("GET", "/v1/why/queue/{name}", why.of_queue, Role.VIEWER),
    Route("GET", "/v1/why/schedule/{name}", why.of_schedule, Role.VIEWER),
    Route("POST", "/v1/schedules/{name}/pause", changes.schedule_paused, Role.OPERATOR),
    Route("POST", "/v1/schedules/{name}/resume", changes.schedule_resumed, Role.OPERATOR),
    Route("POST", "/v1/schedules/{name}/trigger", changes.schedule_triggered, Role.OPERATOR),
    Route("GET", "/v1/queues", queues.listed, Role.VIEWER),
    Route("GET", "/v1/queues/{name}", queues.shown, Role.VIEWER),
    Route("POST", "/v1/queues/{name}/pause", changes.queue_paused, Role.OPERATOR),
    Route("POST", "/v1/queues/{name}/resume", changes.queue_resumed, Role.OPERATOR),
    Route("POST", "/v1/queues/{name}/weight", changes.queue_weighed, Role.OPERATOR),
    Route("POST", "/v1/queues/{name}/purge", bulk.purged, Role.OPERATOR),
    Route("GET", "/v1/nodes", nodes.listed, Role.VIEWER),
    Route("POST", "/v1/nodes/{id:[0-9]{1,19}}/quiet", changes.node_quieted, Role.OPERATOR),
    Route("POST", "/v1/nodes/{id:[0-9]{1,19}}/drain", changes.node_drained, Role.OPERATOR),
    Route("POST", "/v1/nodes/{id:[0-9]{1,19}}/resume", changes.node_resumed, Role.OPERATOR),
    Route("GET", "/v1/runs", runs.listed, Role.VIEWER),
    Route("GET", "/v1/runs/count", runs.counted, Role.VIEWER),
    Route("POST", "/v1/runs/bulk", bulk.begun, Role.OPERATOR),
    Route("GET", "/v1/bulk", bulk.listed, Role.VIEWER),
    Route("GET", "/v1/bulk/{id:[0-9]{1,19}}", bulk.shown, Role.VIEWER),
    Route("POST", "/v1/bulk/{id:[0-9]{1,19}}/cancel", bulk.stopped, Role.OPERATOR),
    Route("GET", "/v1/failed", stats.failed, Role.VIEWER),
    Route("GET", "/v1/outbox", outbox.listed, Role.VIEWER),
    Route("GET", "/v1/outbox/{id:[0-9]{1,19}}", outbox.shown, Role.VIEWER),
    Route("POST", "/v1/outbox/resend", outbox.resent, Role.OPERATOR),
    Route("POST", "/v1/outbox/hold", outbox.held, Role.OPERATOR),
    Route("POST", "/v1/outbox/release", outbox.released, Role.OPERATOR),
    Route("GET", "/v1/stats", stats.shown, Role.VIEWER),
    Route("GET", "/v1/stats/minutes", stats.minutes, Role.VIEWER),
    Route("GET", "/v1/events", events.followed, Role.VIEWER),
    Route("GET", "/v1/audit", changes.listed, Role.VIEWER),
    Route("POST", "/v1/audit/{id:[0-9]{1,19}}/undo", changes.undone, Role.OPERATOR),
    Route("GET", "/v1/config", settings.shown, Role.ADMIN),
    Route("GET", "/v1/tokens", tokens.listed, Role.ADMIN),
    Route("POST", "/v1/tokens", tokens.added, Role.ADMIN),
    Route("DELETE", "/v1/tokens/{name}", tokens.revoked, Role.ADMIN),
    Route("POST", "/v1/runs", runs.enqueued, Role.OPERATOR),
    Route("GET", "/v1/runs/{id:[0-9]{1,19}}", runs.shown, Role.VIEWER),
    Route("GET", "/v1/runs/{id:[0-9]{1,19}}/wait", runs.awaited, Role.VIEWER),
    Route("POST", "/v1/runs/{id:[0-9]{1,19}}/cancel", runs.cancelled, Role.OPERATOR),
    Route("POST", "/v1/runs/{id:[0-9]{1,19}}/retry", runs.retried, Role.OPERATOR),
)


PROBED = ("/livez", "/readyz", "/metrics")
"""What load balancers and monitors ask with HEAD, too."""


def add_routes(app: web.Application) -> dict[web.AbstractRoute, Role]:
    """Puts the list on the router; the role that each route asks for."""
    roles = {app.router.add_route(route.method, route.path, route.handler): route.role for route in ROUTES}
    heads = {app.router.add_head(route.path, route.handler): route.role for route in ROUTES if route.path in PROBED}
    return roles | heads
