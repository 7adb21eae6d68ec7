"""Where the daemon is that the dashboard looks at, and the client for it: socket, address, or socket behind ssh."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobd.client.client import Client

REMOTE_SOCKET = "/run/jobd/jobd.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What was said on the command line; nothing at all means the usual places on this machine."""

    socket: str | None = None
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    ssh: str | None = None
    """A host as ssh knows it; `socket` is a path over there then."""
    ssh_config: str | None = None
    """A file for `ssh -F`: ports, keys and whatever else it takes."""

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """A client; no request has been made yet.

        Raises:
            NotRunning: no socket is in any of the usual places.
            NoTunnel: ssh failed.
        """
        from jobd.client.client import Client  # aiohttp takes a tenth of a second: after the first paint

        if self.ssh is None:
            async with Client(self.socket, url=self.url, token=self.token) as client:
                yield client
            return
        from jobd.dashboard.live.tunnel import far_client

        there = self.socket or REMOTE_SOCKET
        async with far_client(self.ssh, there, config=self.ssh_config, token=self.token) as client:
            yield client
