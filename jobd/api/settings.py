"""/v1/config: what this daemon works by, where each setting comes from, and what operators have laid over it."""

from __future__ import annotations

from aiohttp import web

from jobd.api.app import answer, control
from jobd.api.bodies import Nothing, query


async def shown(request: web.Request) -> web.Response:
    """Every setting with value and origin, secrets masked; `drift` is what Postgres holds against the files."""
    query(request, Nothing)
    daemon = control(request)
    settings = [{"key": key, "value": value, "origin": origin} for key, value, origin in daemon.settings()]
    return answer({"settings": settings, "drift": await daemon.views.drift()})
