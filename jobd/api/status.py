"""/v1/status, /livez, /readyz: how this daemon feels. They answer without Postgres: then they matter."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from jobd.api.app import answer, control
from jobd.api.bodies import Nothing, query
from jobd.errors import StoreRefused, StoreUnavailable
from jobd.model.status import Status


async def shown(request: web.Request) -> web.Response:
    """The node that answers, with the counts and queues of all, which are null while Postgres is silent."""
    query(request, Nothing)
    daemon = control(request)
    health = daemon.health()
    found = Status(ready=health.ready, health=health)
    try:
        found = replace(found, counts=await daemon.views.counts())
        found = replace(found, queues=tuple(await daemon.views.queues()))
        found = replace(found, nodes=tuple(node for node in await daemon.views.nodes() if node.alive))
    except (StoreUnavailable, StoreRefused) as error:
        found = replace(found, store_error=str(error))
    return answer(found)


async def alive(request: web.Request) -> web.Response:
    """200: the main loop answers."""
    return answer({"alive": True})


async def ready(request: web.Request) -> web.Response:
    """200 when work goes on as it should, else 503 with the reasons."""
    health = control(request).health()
    return answer({"ready": health.ready, "notices": health.notices}, 200 if health.ready else 503)
