"""Between the router and the handlers: nobody gets further without the role that the route asks for."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from jobd.api.access import Caller, RoleOf, peer
from jobd.api.app import CALLER
from jobd.api.bearers import Bearers, holder
from jobd.api.people import actor
from jobd.api.refusals import Handler, Refused
from jobd.model.roles import Role

log = logging.getLogger(__name__)

Identify = Callable[[web.Request], Awaitable[Caller | None]]
"""Who sends this request; None for nobody that can be named. May refuse by itself."""


def guarded(roles: Mapping[web.AbstractRoute, Role], identify: Identify) -> Any:
    """The middleware. A caller who may not does not even hear which paths exist."""

    @web.middleware
    async def access(request: web.Request, handler: Handler) -> web.StreamResponse:
        who = await identify(request)
        needed = roles.get(request.match_info.route, Role.VIEWER)
        if who is None or not who.may(needed):
            raise Refused(403, "forbidden", _refusal(who, needed), hint=_way_in(who), close=True)
        request[CALLER] = who
        if needed > Role.VIEWER:
            asked = f"{request.method} {request.path}"
            log.info("asked", extra={"by": who.actor.name, "pid": who.actor.pid, "request": asked})
        return await handler(request)

    return access


def by_peer(role_of: RoleOf, tokens: Bearers | None = None) -> Identify:
    """Callers of a Unix socket, as the kernel names them; who shows a token is its holder and nobody else.

    So a program that acts for others, as a dashboard does, can leave it to the daemon what each of them may.
    """

    async def identify(request: web.Request) -> Caller | None:
        if (authorization := request.headers.get("Authorization")) is not None:
            return await holder(authorization, tokens)
        transport = request.transport
        if (found := peer(None if transport is None else transport.get_extra_info("socket"))) is None:
            return None

        async def role() -> Role | None:
            given = role_of(found.uid, found.gid)
            return await given if inspect.isawaitable(given) else given

        async def still() -> bool:
            return await role() is not None

        return Caller(actor=await actor(found.uid, found.pid), role=await role(), still=still)

    return identify


def _way_in(who: Caller | None) -> str:
    if who is not None and who.actor.token:
        return "use a token of that role: jobd token add NAME --role ROLE makes one"
    return "sudo, or ask the owner of this daemon ([control] users and groups)"


def _refusal(who: Caller | None, needed: Role) -> str:
    if who is None:
        return "the caller is unknown"
    return f"{who.actor.name} may not do this: it takes the role {needed}"
