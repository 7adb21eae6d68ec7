"""The API on its Unix socket: who may, how long, how much; open while the block lasts."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from jobd.api.access import Caller, RoleOf, own_and_root
from jobd.api.access import caller as caller_of
from jobd.api.app import CALLER, CONTROL
from jobd.api.bodies import BODY_LIMIT
from jobd.api.control import Control
from jobd.api.refusals import Handler, Refused, errors, stamp
from jobd.api.routes import add_routes
from jobd.api.socket import bound_socket
from jobd.model.roles import Role

log = logging.getLogger(__name__)

IDLE_SECONDS = 15.0
"""A connection that has not sent a whole head by then is closed, be it its first or a kept one."""
CONNECTIONS_PER_USER = 64
GOODBYE_SECONDS = 5.0


@asynccontextmanager
async def control_socket(path: Path, control: Control, *, role_of: RoleOf = own_and_root) -> AsyncIterator[None]:
    """The API served at `path` while the block lasts; requests in flight get five seconds to end.

    Raises:
        SocketRefused: the socket cannot be opened there.
    """
    limits: dict[str, Any] = {
        "keepalive_timeout": IDLE_SECONDS,
        "lingering_time": 1.0,  # how long a body that was refused is still read, so that the answer gets through
        "auto_decompress": False,  # a bomb stays the size it was sent
        "access_log": None,
    }
    runner = web.AppRunner(make_app(control, role_of), handler_cancellation=True, **limits)
    await runner.setup()
    room: Counter[int] = Counter()
    try:
        with bound_socket(path) as bound:
            loop = asyncio.get_running_loop()
            # the reference is kept: an unreferenced server is closed by uvloop
            server = await loop.create_unix_server(lambda: _Connection(runner.server, room, limits), sock=bound)
            log.info("control socket open", extra={"socket": str(path)})
            try:
                yield
            finally:
                server.close()
                await _finish(runner)
    finally:
        await runner.cleanup()


def make_app(control: Control, role_of: RoleOf = own_and_root) -> web.Application:
    """The application behind every site."""
    app = web.Application(client_max_size=BODY_LIMIT)
    app[CONTROL] = control
    roles = add_routes(app)
    app.middlewares.extend([errors, _access(roles, role_of)])
    app.on_response_prepare.append(stamp)
    return app


def _access(roles: Mapping[web.AbstractRoute, Role], role_of: RoleOf) -> Any:
    """Nobody reaches a handler without the role that its route asks for, nor hears which paths exist."""

    @web.middleware
    async def access(request: web.Request, handler: Handler) -> web.StreamResponse:
        transport = request.transport
        who = caller_of(None if transport is None else transport.get_extra_info("socket"), role_of)
        needed = roles.get(request.match_info.route, Role.VIEWER)
        if who is None or not who.may(needed):
            raise Refused(
                403,
                "forbidden",
                _refusal(who, needed),
                hint="sudo, or ask the owner of this daemon",
                close=True,
            )
        request[CALLER] = who
        response = await handler(request)
        if needed > Role.VIEWER:
            log.info("asked", extra={"uid": who.uid, "pid": who.pid, "request": f"{request.method} {request.path}"})
        return response

    return access


def _refusal(who: Caller | None, needed: Role) -> str:
    if who is None:
        return "the caller is unknown"
    return f"uid {who.uid} may not do this: it takes the role {needed}"


async def _finish(runner: web.AppRunner) -> None:
    """Lets requests in flight end, then closes what is left."""
    if runner.server is not None:
        runner.server.pre_shutdown()
        await runner.server.shutdown(GOODBYE_SECONDS)


class _Connection(web.RequestHandler):
    """A connection, closed at once when its user has too many: one broken script must not lock out others."""

    def __init__(self, server: Any, room: Counter[int], limits: dict[str, Any]) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **limits)
        self._room = room
        self._uid: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if who := caller_of(transport.get_extra_info("socket")):
            self._uid = who.uid
            self._room[who.uid] += 1
            if self._room[who.uid] > CONNECTIONS_PER_USER:
                self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self._uid is not None:
            self._room[self._uid] -= 1
            self._uid = None
