"""A mail server on loopback that misbehaves as told, and remembers what it took.

    async with MailServer() as server:
        server.script["bob@example.org"] = ["rcpt 450", "dot drop"]     # one a try, then all is well
        ... MailSettings(host="127.0.0.1", port=server.port, tls=TlsMode.OFF)
        await server.until(2)

A behaviour is a phase (`connect`, `mail`, `rcpt`, `data`, `body`, `dot`) and what happens there: a reply code,
`drop` the connection, `hang`, or answer `garbage`. At the dot, `drop`, `hang` and `garbage` come after the
message was taken; `lose` drops without taking it, `swallow` answers 250 without taking it. The script of "*"
is for connections, senders, and recipients without a script of their own.

As a process of its own: python -m jobd.testing.smtp --mailbox FILE --port-file FILE [--script FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import ssl
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, Self

from jobd.testing.smtp_conversation import Conversation, Mail

__all__ = ["Mail", "MailServer"]


class MailServer:
    """The server; `mails` is what it took, and with `mailbox` each is a synced line of JSON there."""

    def __init__(
        self,
        *,
        mailbox: Path | None = None,
        script: dict[str, list[str]] | None = None,
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.script: dict[str, list[str]] = dict(script or {})
        self.mails: list[Mail] = []
        self.connections = 0
        """Connections so far."""
        self.most_open = 0
        """The most that were open at once."""
        self.met: asyncio.Queue[str] = asyncio.Queue()
        """Behaviours as they happen, for tests that wait for one."""
        self.port = 0
        self.tls, self.login = tls, login
        self._mailbox_path = mailbox
        self._mailbox: IO[str] | None = None
        self._open: set[Conversation] = set()
        self._arrived = asyncio.Condition()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        if self._mailbox_path is not None:
            self._mailbox = self._mailbox_path.open("a", encoding="utf-8")
        await self.listen()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.refuse()
        if self._mailbox is not None:
            self._mailbox.close()

    async def listen(self) -> None:
        """Accept connections, on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Conversation(self, loop), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Close every connection and refuse new ones until `listen`."""
        if self._server is not None:
            self._server.close()
            for conversation in list(self._open):
                conversation.shut()
            await self._server.wait_closed()
            self._server = None

    async def until(self, count: int) -> list[Mail]:
        """Wait until so many mails were taken; all of them."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.mails) >= count)
        return self.mails

    def step(self, name: str, *phases: str) -> str:
        """Take the next behaviour of `name` from the script when it is of these phases; "" is good service."""
        steps = self.script.get(name)
        if steps and (not steps[0] or steps[0].split()[0] in phases):
            return steps.pop(0)
        return ""

    def opened(self, conversation: Conversation) -> int:
        self._open.add(conversation)
        self.connections += 1
        self.most_open = max(self.most_open, len(self._open))
        return self.connections

    def closed(self, conversation: Conversation) -> None:
        self._open.discard(conversation)

    async def take(self, mail: Mail) -> None:
        """Record one mail, on disk before anybody is told."""
        if self._mailbox is not None:
            self._mailbox.write(json.dumps(asdict(mail)) + "\n")
            self._mailbox.flush()
            os.fsync(self._mailbox.fileno())
        async with self._arrived:
            self.mails.append(mail)
            self._arrived.notify_all()


async def serve(mailbox: Path, port_file: Path, script: dict[str, list[str]]) -> None:
    """Serve until SIGTERM or SIGINT; says the port on stdout and in `port_file` once mail is accepted."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with MailServer(mailbox=mailbox, script=script) as server:
        _publish(server.port, port_file)
        await stop.wait()


def _publish(port: int, port_file: Path) -> None:
    """Whole or not at all: who finds the file can read it."""
    draft = port_file.with_suffix(".new")
    draft.write_text(f"{port}\n")
    draft.replace(port_file)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="A scripted mail server on loopback, for demos and tests.")
    parser.add_argument("--mailbox", type=Path, required=True, help="a line of JSON for each mail is added here")
    parser.add_argument("--port-file", type=Path, required=True, help="receives the port once mail is accepted")
    parser.add_argument("--script", type=Path, help='JSON: {"bob@example.org": ["rcpt 450"], "*": ["connect drop"]}')
    args = parser.parse_args()
    script = json.loads(args.script.read_text("utf-8")) if args.script else {}
    asyncio.run(serve(args.mailbox, args.port_file, script))


if __name__ == "__main__":
    main()
