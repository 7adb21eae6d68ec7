"""/v1/config: what this daemon works by, where each setting comes from, and what operators have laid over it."""

from __future__ import annotations

from aiohttp import web

from jobd.api.app import answer, control
from jobd.api.bodies import Nothing, query
from jobd.model.shown_settings import Setting, ShownSettings


async def shown(request: web.Request) -> web.Response:
    """Every setting with value and origin, secrets masked; `drift` is what Postgres holds against the files."""
    query(request, Nothing)
    daemon = control(request)
    settings = tuple(Setting(key=key, value=value, origin=origin) for key, value, origin in daemon.settings())
    return answer(ShownSettings(settings=settings, drift=tuple(await daemon.views.drift())))
