"""/v1/schedules."""

from __future__ import annotations

from aiohttp import web

from jobd.api.app import answer, control
from jobd.api.bodies import named, query
from jobd.api.wishes import OutcomesQuery
from jobd.errors import NotFound


async def listed(request: web.Request) -> web.Response:
    """All schedules, with the last runs of each where they are asked for."""
    wanted = query(request, OutcomesQuery)
    return answer({"schedules": await control(request).views.schedules(outcomes=wanted.outcomes)})


async def shown(request: web.Request) -> web.Response:
    """One schedule, with its last runs where they are asked for."""
    wanted, name = query(request, OutcomesQuery), named(request)
    for schedule in await control(request).views.schedules(name, wanted.outcomes):
        return answer(schedule)
    raise NotFound(f"there is no schedule {name}")
