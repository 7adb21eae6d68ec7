"""Somebody in between who takes STARTTLS out of the mail server's greeting gets neither password nor mail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from test_smtp import certificate, message, server_tls, yes

from jobd.clients.smtp import Deferred, Session
from jobd.model.settings import MailSettings, TlsMode
from jobd.testing.smtp import MailServer

__all__ = ["certificate"]  # a fixture


@asynccontextmanager
async def stripping(server: MailServer) -> AsyncIterator[tuple[int, bytearray]]:
    """A port in front of `server` that offers all of it but TLS, and everything that callers said there."""
    heard = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", server.port)

        async def forward() -> None:
            while data := await reader.read(65536):
                heard.extend(data)
                back.write(data)
            back.close()

        async def backward() -> None:
            while data := await there.read(65536):
                writer.write(data.replace(b"250-STARTTLS\r\n", b"").replace(b"250 STARTTLS\r\n", b"250 OK\r\n"))
            writer.close()

        with suppress(OSError):
            async with asyncio.TaskGroup() as both:
                both.create_task(forward())
                both.create_task(backward())

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1], heard
    finally:
        listening.close()
        await listening.wait_closed()


@pytest.mark.parametrize("login", [{}, {"user": "app", "password": "geheim"}], ids=["mail", "login"])
async def test_a_greeting_without_its_tls_ends_the_conversation(login: dict[str, str], certificate: Path):
    tls = server_tls(certificate)
    async with MailServer(tls=tls, login=("app", "geheim")) as server, stripping(server) as (port, heard):
        settings = MailSettings(
            host="127.0.0.1", port=port, tls=TlsMode.REQUIRED, timeout=timedelta(seconds=5), **login
        )
        session = Session(settings)
        try:
            result = await session.send(message(), yes)
        finally:
            await session.close()
        assert isinstance(result, Deferred)
        assert "STARTTLS" in result.reply
        assert bytes(heard[:5]).upper() == b"EHLO "
        assert b"STARTTLS" not in heard.upper(), "it was not offered, and not tried"
        assert not {b"AUTH", b"MAIL", b"RCPT", b"DATA"} & {bytes(line[:4]).upper() for line in heard.splitlines()}
        assert server.mails == []
