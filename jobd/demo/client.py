"""The demo as a user of the daemon: what it asks over the control socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

_LOOK = 0.02


class Client:
    """A few questions; each raises aiohttp.ClientError when the daemon does not answer."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def until_ready(self) -> None:
        """Return once the daemon takes work."""
        while True:
            try:
                async with self._session.get("/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectorError:
                pass  # it has not opened its socket yet
            await asyncio.sleep(_LOOK)

    async def trigger(self, job: str, **args: Any) -> int:
        """Enqueue a run of `job`; its id."""
        async with self._session.post("/v1/runs", json={"job": job, "args": args}) as answer:
            answer.raise_for_status()
            return int((await answer.json())["id"])

    async def runs(self, *states: str) -> list[dict[str, Any]]:
        """The latest runs in these states, newest first."""
        async with self._session.get("/v1/runs", params={"state": ",".join(states), "limit": 100}) as answer:
            answer.raise_for_status()
            found: list[dict[str, Any]] = (await answer.json())["runs"]
            return found


@asynccontextmanager
async def connected(socket: Path) -> AsyncIterator[Client]:
    """A client of the daemon at `socket`, which need not be there yet."""
    connector = aiohttp.UnixConnector(path=str(socket))
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession("http://jobd", connector=connector, timeout=timeout) as session:
        yield Client(session)
