"""/v1/nodes."""

from __future__ import annotations

from aiohttp import web

from jobd.api.app import answer, control
from jobd.api.bodies import Nothing, query


async def listed(request: web.Request) -> web.Response:
    """Nodes that are alive, then those that left or were lost since yesterday."""
    query(request, Nothing)
    return answer({"nodes": await control(request).views.nodes()})
