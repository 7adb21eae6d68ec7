"""Somebody who visits `jobctl web`: a login by form, and the dashboard's bytes as the browser gets them."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from jobd.dashboard.web.server import WebSettings, serving

ORDERS = re.compile(rb"\x1b\[[0-9;?<>$]*[a-zA-Z]|\x1b[()=>].?")


class Dashboard:
    """One open WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._seen = b""
        self._taken = 0
        """Characters of the text up to the end of what was waited for last."""

    @property
    def text(self) -> str:
        """All that was painted since then, without the orders to the terminal."""
        return ORDERS.sub(b"", self._seen).decode(errors="replace")[self._taken :]

    async def until(self, wanted: str, seconds: float = 20.0) -> None:
        """Until this was painted, behind what was waited for before."""
        try:
            async with asyncio.timeout(seconds):
                while wanted not in self.text:
                    message = await self._socket.receive()
                    assert message.type is aiohttp.WSMsgType.BINARY, (message, self.text[-2000:])
                    self._seen += message.data
        except TimeoutError:
            raise AssertionError(f"not seen within {seconds:g} s: {wanted}\n{self.text[-4000:]}") from None
        self._taken += self.text.index(wanted) + len(wanted)

    async def until_closed(self, seconds: float = 20.0) -> tuple[int, str]:
        """The code, and the reason that the page shows."""
        async with asyncio.timeout(seconds):
            while (message := await self._socket.receive()).type is aiohttp.WSMsgType.BINARY:
                pass
        assert message.type is aiohttp.WSMsgType.CLOSE, message
        return message.data, message.extra or ""

    async def press(self, keys: str) -> None:
        await self.say(["stdin", keys])

    async def say(self, message: Any) -> None:
        await self._socket.send_json(message)

    async def say_raw(self, text: str) -> None:
        await self._socket.send_str(text)

    async def leave(self) -> None:
        await self._socket.close()


class Visitor:
    """A browser without a window, with its cookies."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http, self.url = http, url

    @property
    def origin(self) -> str:
        return str(URL(self.url).origin())

    @property
    def cookie(self) -> str:
        """The name of the cookie of its session."""
        return f"jobd_session_{URL(self.url).port}"

    async def get(self, path: str = "", **options: Any) -> tuple[int, aiohttp.ClientResponse]:
        async with self.http.get(self.url + path, allow_redirects=False, **options) as answer:
            await answer.read()
            return answer.status, answer

    async def post(self, path: str, *, origin: str | None = "", **options: Any) -> aiohttp.ClientResponse:
        """From our own page, unless another origin is given; None is a program that names none."""
        headers = {**options.pop("headers", {}), **({} if origin is None else {"Origin": origin or self.origin})}
        async with self.http.post(self.url + path, headers=headers, allow_redirects=False, **options) as answer:
            await answer.read()
            return answer

    async def log_in(self, token: str, **options: Any) -> int:
        return (await self.post("login", data={"token": token}, **options)).status

    @asynccontextmanager
    async def dashboard(self, *, origin: str = "", size: str = "width=120&height=40") -> AsyncIterator[Dashboard]:
        """Raises aiohttp.WSServerHandshakeError when it is refused."""
        async with self.http.ws_connect(f"{self.url}socket?{size}", origin=origin or self.origin) as socket:
            yield Dashboard(socket)


@asynccontextmanager
async def web(socket: Path, **settings: Any) -> AsyncIterator[Visitor]:
    """`jobctl web` in this process, and a visitor who knows nobody yet."""
    given = WebSettings(**{"socket": str(socket), "listen": "127.0.0.1:0", **settings})
    async with serving(given) as url, stranger(url) as visitor:
        yield visitor


@asynccontextmanager
async def stranger(url: str, **options: Any) -> AsyncIterator[Visitor]:
    """A visitor of his own."""
    jar = aiohttp.CookieJar(unsafe=True)  # "unsafe" is what it calls cookies of an address
    async with aiohttp.ClientSession(cookie_jar=jar, **options) as http:
        yield Visitor(http, url)


def children() -> set[int]:
    """Processes of dashboards that this process, or one of its own, started."""
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"jobd.dashboard.web.visitor" in words and str(os.getpid()).encode() in words:
            found.add(int(place.name))
    return found


async def gone(pid: int, seconds: float = 15.0) -> None:
    """Until a process has ended, whoever's child it is."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(watched, ended.set)
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    finally:
        loop.remove_reader(watched)
        os.close(watched)
