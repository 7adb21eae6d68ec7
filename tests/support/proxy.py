"""A wire to Postgres that a test can cut, hold still, or cut just after a statement went through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

CHUNK = 65536


class Proxy:
    """Listens on loopback and passes everything on to the server of `url`."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._refuses = False
        self._needle: bytes | None = None
        self.bitten = asyncio.Event()
        """Set when the statement that `lose_answer` waits for went through and its answer was thrown away."""
        self.executed = 0
        """Statements that went through."""
        self.url = ""

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        self._refuses = True
        for writer in list(self._open):
            writer.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self._refuses = False
        self._flows.set()

    def freeze(self) -> None:
        """Pass nothing on any more, in either direction, and say nothing about it: half-open."""
        self._flows.clear()

    def lose_answer(self, needle: bytes) -> None:
        """Pass on the first execution of the statement that holds `needle`, throw its answer away and cut that wire."""
        self.bitten.clear()
        self._needle = needle

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        try:
            there, back = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, back}
        lost = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._forward(reader, back, writer, lost))
                group.create_task(self._backward(there, writer, back, lost))
        finally:
            self._open -= {writer, back}

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        query = parse_qs(self._target.query)
        host = (query.get("host") or [self._target.hostname or "127.0.0.1"])[0]
        port = (query.get("port") or [str(self._target.port or 5432)])[0]
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, int(port))

    async def _forward(
        self, reader: asyncio.StreamReader, back: asyncio.StreamWriter, own: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        name = b""
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._flows.wait()
                self.executed += data[:1] in (b"B", b"Q")
                if self._needle is not None and self._needle in data:
                    # Parse: P, length, name; whoever executes it names it in a Bind: B, length, portal, name
                    self._needle, name = None, data[5 : data.index(0, 5)]
                elif name and data.startswith(b"B") and b"\0" + name + b"\0" in data[:128]:
                    lost.set()
                back.write(data)
                await back.drain()
        back.transport.abort() if not lost.is_set() else None

    async def _backward(
        self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, back: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while data := await there.read(CHUNK):
                await self._flows.wait()
                if lost.is_set():
                    # an idle session after the request (ReadyForQuery): what was asked for is done and committed
                    if data[-6:-1] == b"Z\x00\x00\x00\x05":
                        self.bitten.set()
                        break
                    continue
                writer.write(data)
                await writer.drain()
        back.transport.abort()
        writer.transport.abort()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    """A proxy in front of the database of `url`; `proxy.url` leads through it."""
    proxy = Proxy(url)
    server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    parts = urlsplit(url)
    user = parse_qs(parts.query).get("user", [parts.username or ""])[0]
    login = f"{user}:{parts.password}@" if parts.password else f"{user}@" if user else ""
    proxy.url = f"postgresql://{login}{host}:{port}{parts.path}?sslmode=disable"
    try:
        yield proxy
    finally:
        proxy.cut()
        proxy.mend()
        server.close()
        await server.wait_closed()
