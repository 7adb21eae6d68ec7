"""Connections of `Client` to the control socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp

from jobd.client.place import Place

if TYPE_CHECKING:
    from aiohttp.connector import Connection


class SocketConnector(aiohttp.UnixConnector):
    """Gives no connection to somebody else than the daemon: nothing is sent to them, the token least of all."""

    def __init__(self, there: Place, **more: Any) -> None:
        super().__init__(path=there.socket or "", **more)
        self._place = there

    async def connect(self, *args: Any, **more: Any) -> Connection:
        connection = await super().connect(*args, **more)
        try:
            if connection.transport is not None:
                self._place.check(connection.transport.get_extra_info("socket"))
        except BaseException:
            connection.close()
            raise
        return connection
