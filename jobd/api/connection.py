"""One connection: how long it may be silent, how much it may send, and how many of them one user may have."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from aiohttp import web

from jobd.api.access import peer

IDLE_SECONDS = 15.0
"""A connection that has not sent a whole head by then is closed, be it its first or a kept one."""
CONNECTIONS_PER_USER = 64
BUFFERED_BYTES = 65_536
"""What a reader may leave unread; then whoever writes to it waits, and a stream that has to wait too long ends."""


def limits() -> dict[str, Any]:
    """What every connection of a site is held to."""
    return {
        "keepalive_timeout": IDLE_SECONDS,
        "lingering_time": 1.0,  # how long a body that was refused is still read, so that the answer gets through
        "auto_decompress": False,  # a bomb stays the size it was sent
        "access_log": None,
    }


class Connection(web.RequestHandler):
    """A connection, closed at once when its user or address has too many: a broken script must not lock others out."""

    def __init__(self, server: Any, room: Counter[object], given: dict[str, Any]) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **given)
        self._room = room
        self._whose: object | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if isinstance(transport, asyncio.WriteTransport):
            transport.set_write_buffer_limits(high=BUFFERED_BYTES)
        whose = _whose(transport)
        if whose is not None:
            self._whose = whose
            self._room[whose] += 1
            if self._room[whose] > CONNECTIONS_PER_USER:
                self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self._whose is not None:
            self._room[self._whose] -= 1
            self._whose = None


def _whose(transport: asyncio.BaseTransport) -> object | None:
    if found := peer(transport.get_extra_info("socket")):
        return found.uid
    name = transport.get_extra_info("peername")
    return name[0] if isinstance(name, tuple) else None
