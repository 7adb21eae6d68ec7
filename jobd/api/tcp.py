"""The same API on TCP: Host allow-list, then pace, then token, then role; without cookies nothing can be forged."""

from __future__ import annotations

import asyncio
import logging
import math
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from socket import SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket
from urllib.parse import urlsplit

from aiohttp import web

from jobd.api.access import Caller, for_now
from jobd.api.bearers import Bearers, Pace, holder
from jobd.api.connection import Connection, limits
from jobd.api.control import Control
from jobd.api.guard import Identify
from jobd.api.refusals import Refused
from jobd.api.server import finish, make_app, running
from jobd.errors import SocketRefused
from jobd.model.change import Actor
from jobd.model.hosts import why_not_listening
from jobd.model.roles import Role
from jobd.model.settings import ApiSettings

log = logging.getLogger(__name__)

OPEN = ("/livez",)
"""What a probe without a token may ask."""
HANDSHAKE_SECONDS = 5.0
READS = ("GET", "HEAD", "OPTIONS")


@asynccontextmanager
async def tcp_site(settings: ApiSettings, control: Control, tokens: Bearers) -> AsyncIterator[tuple[str, int] | None]:
    """The API on `[api] listen` while the block lasts: its address; None and nothing at all when that is not set.

    Raises:
        SocketRefused: nobody can listen there, or the certificate cannot be used.
    """
    if settings.listen is None:
        yield None
        return
    host, _, port = settings.listen.rpartition(":")
    async with running(make_app(control, by_token(settings, tokens))) as runner:
        room: Counter[object] = Counter()
        given = limits()
        try:
            tls = _tls(settings)
            server = await asyncio.get_running_loop().create_server(
                lambda: Connection(runner.server, room, given),
                host.strip("[]"),
                int(port),
                ssl=tls,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if tls else None,
            )
        except OSError as error:
            raise _refused(settings.listen, error) from error
        address: tuple[str, int] = server.sockets[0].getsockname()[:2]
        log.info("API open on TCP", extra={"address": f"{address[0]}:{address[1]}", "tls": tls is not None})
        try:
            yield address
        finally:
            server.close()
            control.feed.close()
            await finish(runner)


async def check_free(settings: ApiSettings) -> None:
    """Find out before anything is begun whether `[api] listen` can be had; nobody is heard meanwhile.

    Raises:
        SocketRefused: it cannot.
    """
    if settings.listen is None:
        return
    host, _, port = settings.listen.rpartition(":")
    loop = asyncio.get_running_loop()
    try:
        for family, kind, _, _, address in await loop.getaddrinfo(host.strip("[]"), int(port), type=SOCK_STREAM):
            with socket(family, kind) as one:
                one.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)  # as the one that will listen
                one.bind(address)
    except OSError as error:
        raise _refused(settings.listen, error) from error


def _refused(listen: str, error: OSError) -> SocketRefused:
    port = listen.rpartition(":")[2]
    return SocketRefused(f"[api] listen: nobody can listen on {listen}: {why_not_listening(error, port)}")


def by_token(settings: ApiSettings, tokens: Bearers) -> Identify:
    """Callers of TCP, by the token in their Authorization header."""
    hosts = frozenset(settings.hosts)
    pace = Pace(settings.rate)

    async def identify(request: web.Request) -> Caller | None:
        _check_host(request, hosts)
        if request.path in OPEN:
            _check_pace(pace, ("open", request.remote))
            return Caller(actor=Actor(name="probe", token=""), role=Role.VIEWER, still=for_now)
        try:
            who = await holder(request.headers.get("Authorization", ""), tokens)
        except Refused:
            # of strangers alone: they must not spend what others at this address need
            _check_pace(pace, request.remote)
            raise
        _check_pace(pace, (who.actor.token,))
        _check_origin(request, hosts)
        return who

    return identify


def _check_host(request: web.Request, hosts: Collection[str]) -> None:
    """A page of a stranger whose name was made to point here (DNS rebinding) still sends its own name."""
    if not _allowed(request.headers.get("Host", ""), hosts):
        raise Refused(421, "wrong_host", "this name is not served here ([api] hosts)", close=True)


def _check_origin(request: web.Request, hosts: Collection[str]) -> None:
    """A browser says from where a page writes; programs say nothing."""
    origin = request.headers.get("Origin")
    if origin is None or request.method in READS:
        return
    name = _name(urlsplit(origin).netloc)
    ours = name == _name(request.headers.get("Host", "")) or name in hosts or _loops_back(name)
    if not name or not ours:
        raise Refused(403, "wrong_origin", "pages of other places may not write here", close=True)


def _allowed(host: str, hosts: Collection[str]) -> bool:
    name = _name(host)
    return name == "localhost" or name in hosts or _address(name) is not None


def _name(host: str) -> str:
    """Without its port; empty when there is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _loops_back(name: str) -> bool:
    return name == "localhost" or ((address := _address(name)) is not None and address.is_loopback)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _check_pace(pace: Pace, whose: object) -> None:
    if seconds := pace.wait(whose):
        raise Refused(429, "too_many", "too many requests ([api] rate)", retry_after=math.ceil(seconds))


def _tls(settings: ApiSettings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, settings.tls_certificate, settings.tls_key_file)
    return context


def _load(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise SocketRefused(f"[api] tls_certificate {certificate}, tls_key_file {key}: {error}") from error
