"""/v1/database: how large it is, who holds its vacuum back, and how near it is to its limits."""

from __future__ import annotations

from aiohttp import web

from jobd.api.app import answer, control
from jobd.api.bodies import Nothing, query


async def shown(request: web.Request) -> web.Response:
    """Sizes, estimated rows and vacuums of jobd's tables, the oldest snapshot, connections and ages."""
    query(request, Nothing)
    daemon = control(request)
    return answer(await daemon.views.database(daemon.pooler))
