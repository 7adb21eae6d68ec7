"""From where a request comes: the address of its sender, and the page in the browser that sent it."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from jobd.model.hosts import is_loopback

_PORTS = {"http": 80, "https": 443, None: None}


def sender(request: web.Request, *, behind_proxy: bool) -> str:
    """The address; behind a proxy the last one that the proxy names, for the ones before it are hearsay."""
    if behind_proxy and (forwarded := ",".join(request.headers.getall("X-Forwarded-For", []))):
        return forwarded.rpartition(",")[2].strip()[:64]
    return request.remote or "unknown"


def secure(request: web.Request, *, behind_proxy: bool) -> bool:
    """Whether the browser speaks TLS."""
    return request.secure or (behind_proxy and request.headers.get("X-Forwarded-Proto", "").lower() == "https")


def own_page(request: web.Request) -> bool:
    """Whether one of our own pages sent this. Browsers always name the page of a POST and of a WebSocket."""
    return _same_place(request.headers.get("Origin", ""), request.headers.get("Host", ""))


def local_name(request: web.Request) -> bool:
    """Whether the browser calls this machine by a name that no stranger's page can have (DNS rebinding)."""
    try:
        return is_loopback(urlsplit(f"//{request.headers.get('Host', '')}").hostname or "")
    except ValueError:
        return False


def _same_place(origin: str, host: str) -> bool:
    try:
        there, here = urlsplit(origin), urlsplit(f"//{host}")
        if there.scheme not in ("http", "https") or not there.hostname:
            return False
        usual = _PORTS[there.scheme]
        return (there.hostname, there.port or usual) == (here.hostname, here.port or usual)
    except ValueError:
        return False
