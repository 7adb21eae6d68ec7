"""Connections of browsers: how long one may be silent, and how many of them one address and all may have."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from aiohttp import web

SILENT_SECONDS = 15.0
"""A connection that has not sent a whole head by then is closed, be it its first or a kept one."""
BODY_SECONDS = 10.0
HANDSHAKE_SECONDS = 10.0
MOST = 400
"""Below the 1,024 files that a process may have open by default, with room for the dashboards and the daemon."""
MOST_PER_ADDRESS = 64
LIMITS: dict[str, Any] = {"keepalive_timeout": SILENT_SECONDS, "lingering_time": 1.0, "access_log": None}


class Connection(web.RequestHandler):
    """A connection, closed at once when its address or all together have too many: who is silent locks nobody out."""

    def __init__(self, server: Any, room: Counter[str], *, by_address: bool) -> None:
        """`by_address` is false behind a proxy, where all have the address of the proxy."""
        super().__init__(server, loop=asyncio.get_running_loop(), **LIMITS)
        self._room, self._by_address = room, by_address
        self._address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        name = transport.get_extra_info("peername")
        self._address = str(name[0]) if isinstance(name, tuple) and name else "unknown"
        self._room[self._address] += 1
        crowded = self._by_address and self._room[self._address] > MOST_PER_ADDRESS
        if crowded or self._room.total() > MOST:
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self._room[self._address] -= 1
        if not self._room[self._address]:
            del self._room[self._address]
