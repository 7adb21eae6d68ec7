"""The API on its Unix socket, open while the block lasts."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from jobd.api import metrics
from jobd.api.access import RoleOf, own_and_root
from jobd.api.app import CONTROL
from jobd.api.bearers import Bearers
from jobd.api.bodies import BODY_LIMIT
from jobd.api.connection import Connection, limits
from jobd.api.control import Control
from jobd.api.guard import Identify, by_peer, guarded
from jobd.api.refusals import errors, stamp
from jobd.api.routes import add_routes
from jobd.api.socket import bound_socket

log = logging.getLogger(__name__)

GOODBYE_SECONDS = 5.0


@asynccontextmanager
async def control_socket(
    path: Path, control: Control, *, role_of: RoleOf = own_and_root, tokens: Bearers | None = None
) -> AsyncIterator[None]:
    """The API served at `path` while the block lasts; requests in flight get five seconds to end.

    Without `tokens` none is known, and a request that shows one is refused.

    Raises:
        SocketRefused: the socket cannot be opened there.
    """
    async with running(make_app(control, by_peer(role_of, tokens))) as runner:
        with bound_socket(path) as bound:
            room: Counter[object] = Counter()
            given = limits()
            loop = asyncio.get_running_loop()
            # the reference is kept: an unreferenced server is closed by uvloop
            server = await loop.create_unix_server(lambda: Connection(runner.server, room, given), sock=bound)
            log.info("control socket open", extra={"socket": str(path)})
            try:
                yield
            finally:
                server.close()
                control.feed.close()
                await finish(runner)


def make_app(control: Control, identify: Identify) -> web.Application:
    """The application behind every site."""
    app = web.Application(client_max_size=BODY_LIMIT)
    app[CONTROL] = control
    metrics.prepare(app)
    roles = add_routes(app)
    app.middlewares.extend([errors, guarded(roles, identify)])
    app.on_response_prepare.append(stamp)
    return app


@asynccontextmanager
async def running(app: web.Application) -> AsyncIterator[web.AppRunner]:
    """The application, ready to be given connections."""
    runner = web.AppRunner(app, handler_cancellation=True, **limits())
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


async def finish(runner: web.AppRunner) -> None:
    """Lets requests in flight end, then closes what is left."""
    if runner.server is not None:
        runner.server.pre_shutdown()
        await runner.server.shutdown(GOODBYE_SECONDS)
