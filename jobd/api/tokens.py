"""/v1/tokens: who may come over TCP. A token's text is told once, when it is made."""

from __future__ import annotations

from aiohttp import web

from jobd.api.app import answer, caller, control
from jobd.api.bodies import Nothing, body, named, query
from jobd.api.wishes import NewToken, Why


async def listed(request: web.Request) -> web.Response:
    """All tokens without their texts, expired and revoked ones too."""
    query(request, Nothing)
    return answer({"tokens": await control(request).operations.tokens()})


async def added(request: web.Request) -> web.Response:
    """201 with the text of a new token, which nobody can look up again."""
    wanted, who = await body(request, NewToken), caller(request)
    secret = await control(request).operations.add_token(
        wanted.name, wanted.as_role, who.actor, lasts=wanted.lasts, reason=wanted.reason
    )
    return answer({"name": wanted.name, "role": wanted.role, "token": secret}, 201)


async def revoked(request: web.Request) -> web.Response:
    """The token opens nothing any more, within seconds on every node."""
    name = named(request)
    wanted = await body(request, Why)
    await control(request).operations.revoke_token(name, caller(request).actor, wanted.reason)
    return answer({"name": name, "revoked": True})
