"""/v1/schedules."""

from __future__ import annotations

from aiohttp import web

from jobd.api.app import answer, control
from jobd.api.bodies import Nothing, query
from jobd.errors import NotFound


async def listed(request: web.Request) -> web.Response:
    """All schedules."""
    query(request, Nothing)
    return answer({"schedules": await control(request).views.schedules()})


async def shown(request: web.Request) -> web.Response:
    """One schedule."""
    query(request, Nothing)
    name = request.match_info["name"]
    for schedule in await control(request).views.schedules(name):
        return answer(schedule)
    raise NotFound(f"there is no schedule {name}")
