"""`Client` and `SyncClient` called the same way: the second in a thread, for the daemon answers from this loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from jobd.client import Client, SyncClient


class Both:
    """`await both.enqueue(…)` whichever client it is."""

    def __init__(self, client: Client | SyncClient) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.client, name)
        if isinstance(self.client, Client):
            return method
        return lambda *args, **more: asyncio.to_thread(method, *args, **more)

    async def follow(self, run: int) -> AsyncIterator[Any]:
        if isinstance(self.client, Client):
            async for shown in self.client.follow(run):
                yield shown
            return
        shown_one_by_one = self.client.follow(run)
        while (shown := await asyncio.to_thread(next, shown_one_by_one, None)) is not None:
            yield shown
