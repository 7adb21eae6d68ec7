"""Both clients at a socket that somebody else has put in the place of the daemon's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.both import Both
from support.strangers import as_root, stranger

from jobd.client import Client, NotRunning, SyncClient

TOKEN = "jobd_the-token-of-somebody"


async def queues(client: Both) -> None:
    await client.queues()


async def events(client: Both) -> None:
    if isinstance(client.client, Client):
        await anext(client.client.events())
    else:
        await asyncio.to_thread(next, client.client.events())


@as_root
@pytest.mark.parametrize("kind", [Client, SyncClient])
@pytest.mark.parametrize("call", [queues, events])
async def test_a_socket_served_by_a_stranger_is_not_spoken_to(kind: type, call: Callable[[Any], Any], tmp_path: Path):
    path = tmp_path / "jobd.sock"
    async with stranger(path) as other:
        made = kind(path, token=TOKEN, timeout=5.0)
        with pytest.raises(NotRunning, match=r"jobd\.sock is served by uid 65534.* not sent"):
            if kind is Client:
                async with made:
                    await call(Both(made))
            else:
                await call(Both(made))
        assert await other.heard() == b""
