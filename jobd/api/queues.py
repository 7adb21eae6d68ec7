"""/v1/queues."""

from __future__ import annotations

from aiohttp import web

from jobd.api.app import answer, control
from jobd.api.bodies import Nothing, named, query
from jobd.errors import NotFound


async def listed(request: web.Request) -> web.Response:
    """All queues."""
    query(request, Nothing)
    return answer({"queues": await control(request).views.queues()})


async def shown(request: web.Request) -> web.Response:
    """One queue."""
    query(request, Nothing)
    name = named(request)
    for queue in await control(request).views.queues(name):
        return answer(queue)
    raise NotFound(f"there is no queue {name}")
