"""`jobctl web` from its command to its end: address, signals, log, and a look at everything once a minute."""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from jobd import logs, systemd
from jobd.dashboard.web.attempts import Attempts
from jobd.dashboard.web.connection import HANDSHAKE_SECONDS, LIMITS, Connection
from jobd.dashboard.web.login import Login
from jobd.dashboard.web.sessions import Sessions
from jobd.dashboard.web.settings import NotServed, WebSettings, check_allowed
from jobd.dashboard.web.site import Site
from jobd.errors import JobdError
from jobd.model.hosts import why_not_listening

__all__ = ["NotServed", "WebSettings", "serve", "serving"]

log = logging.getLogger(__name__)

CLOSING_SECONDS = 10.0


def serve(settings: WebSettings, said: Callable[[str], None]) -> None:
    """Until SIGTERM or an interrupt; `said` hears the address once it is open.

    Raises:
        NotServed: the address cannot be had, or the daemon's configuration does not allow it any more.
    """
    logs.set_up("info", "text", dict)
    refused: BaseException | None = None
    try:
        asyncio.run(_until_stopped(settings, said))
    except* NotServed as group:
        refused = group.exceptions[0]
    if refused is not None:
        raise refused


async def _until_stopped(settings: WebSettings, said: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(settings) as url:
        said(url)
        systemd.ready(f"the dashboard is at {url}")
        await stop.wait()
        systemd.stopping(CLOSING_SECONDS)


@asynccontextmanager
async def serving(settings: WebSettings) -> AsyncIterator[str]:
    """The dashboard behind its address for the length of a block; the URL.

    Raises:
        NotServed: in an ExceptionGroup, also when the daemon's configuration forbids it while the block is under way.
    """
    sessions = Sessions(settings.socket)
    site = Site(settings, sessions, Login(settings, sessions, Attempts()))
    runner = web.AppRunner(site.application(), shutdown_timeout=CLOSING_SECONDS, **LIMITS)
    await runner.setup()
    try:
        server = await _listening(settings, runner)
        try:
            async with asyncio.TaskGroup() as tasks:
                looking = tasks.create_task(_look(settings, sessions), name="web: look")
                yield settings.at(server.sockets[0].getsockname()[1]).url
                looking.cancel()
        finally:
            server.close()
    finally:
        await runner.cleanup()


async def _listening(settings: WebSettings, runner: web.AppRunner) -> asyncio.Server:
    host, port = settings.address
    tls, room = _tls(settings), Counter[str]()
    try:
        return await asyncio.get_running_loop().create_server(
            lambda: Connection(runner.server, room, by_address=not settings.behind_proxy),
            host,
            port,
            ssl=tls,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if tls else None,
        )
    except OSError as error:
        why = why_not_listening(error, str(port))
        raise NotServed(f"--listen {settings.listen}: {why} ([dashboard] listen, or --listen)") from error


async def _look(settings: WebSettings, sessions: Sessions) -> None:
    """Sessions end with their tokens, and the whole site when the daemon's configuration says so."""
    while True:
        await asyncio.sleep(settings.check_seconds)
        await sessions.look()
        try:
            check_allowed(await sessions.ask(None), login=settings.login)
        except NotServed:
            raise
        except JobdError:
            log.debug("the daemon does not say whether there is a dashboard", exc_info=True)


def _tls(settings: WebSettings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise NotServed(f"--tls-certificate {settings.tls_certificate}: {error}") from error
    return context
