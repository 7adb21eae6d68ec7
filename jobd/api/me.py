"""/v1/me: who the daemon takes the caller for."""

from __future__ import annotations

from aiohttp import web

from jobd.api.app import answer, caller, control
from jobd.api.bodies import Nothing, query
from jobd.model.me import DashboardReport, Me


async def shown(request: web.Request) -> web.Response:
    """The caller's name and role, and what the dashboard has to know of the configuration."""
    query(request, Nothing)
    who, daemon = caller(request), control(request)
    settings = daemon.dashboard
    dashboard = DashboardReport(
        enabled=settings.enabled,
        path=settings.path,
        require_authentication=settings.require_authentication,
        listen=settings.listen,
    )
    return answer(
        Me(name=who.actor.name, role=str(who.role), environment=daemon.health().environment, dashboard=dashboard)
    )
