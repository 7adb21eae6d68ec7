"""/v1/status, /livez, /readyz: how this daemon feels. They answer without Postgres: then they matter."""

from __future__ import annotations

from aiohttp import web

from jobd.api.app import answer, control
from jobd.api.bodies import Nothing, query
from jobd.errors import StoreRefused, StoreUnavailable

SCHEMA = 1
"""Grows when a field of /v1/status changes its meaning."""


async def shown(request: web.Request) -> web.Response:
    """The node that answers, with the counts and queues of all, which are null while Postgres is silent."""
    query(request, Nothing)
    daemon = control(request)
    health = daemon.health()
    found: dict[str, object] = {"counts": None, "queues": None, "nodes": None, "store_error": None}
    try:
        found["counts"] = await daemon.views.counts()
        found["queues"] = await daemon.views.queues()
        found["nodes"] = [node for node in await daemon.views.nodes() if node.alive]
    except (StoreUnavailable, StoreRefused) as error:
        found["store_error"] = str(error)
    return answer({"schema": SCHEMA, "ready": health.ready, "health": health, **found})


async def alive(request: web.Request) -> web.Response:
    """200: the main loop answers."""
    return answer({"alive": True})


async def ready(request: web.Request) -> web.Response:
    """200 when work goes on as it should, else 503 with the reasons."""
    health = control(request).health()
    return answer({"ready": health.ready, "notices": health.notices}, 200 if health.ready else 503)
