"""One connection to the scripted mail server, and what it took over it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

if TYPE_CHECKING:
    from jobd.testing.smtp import MailServer

GARBAGE = "<html>502 Bad Gateway</html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message that the server took. `connection` counts from 1."""

    at: str
    connection: int
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    kind: str
    subject: str
    raw: str

    @property
    def parsed(self) -> EmailMessage:
        """The message as a reader's program sees it."""
        mail = message_from_bytes(self.raw.encode("utf-8", "surrogateescape"), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        return mail


class Conversation(SMTP):
    """One connection, led through the script."""

    def __init__(self, server: MailServer, loop: asyncio.AbstractEventLoop) -> None:
        self.mail_server = server
        self.number = 0
        self.behaviour = ""
        super().__init__(
            _Dot(self),
            loop=loop,
            hostname="mail.test",
            ident="scripted",
            enable_SMTPUTF8=True,
            tls_context=server.tls,
            require_starttls=server.tls is not None,
            authenticator=self._checked if server.login else None,
            auth_required=server.login is not None,
            auth_require_tls=server.tls is not None,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.number = self.number or self.mail_server.opened(self)  # once: STARTTLS comes here again
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.mail_server.closed(self)
        super().connection_lost(error)

    def shut(self) -> None:
        """Close the connection from this side."""
        if self.transport is not None:
            self.transport.close()

    async def meets(self, phase: str) -> str:
        """The action that the script wants at `phase`; dropping and hanging have already happened."""
        if self.behaviour.partition(" ")[0] != phase:
            return ""
        action = self.behaviour.partition(" ")[2]
        self.mail_server.met.put_nowait(self.behaviour)
        self.behaviour = ""
        if action == "drop":
            self.shut()
        if action in ("drop", "hang"):
            await asyncio.Event().wait()  # until the connection is gone, which cancels us
        return action

    async def answers(self, phase: str) -> bool:
        """True when the script's answer at `phase` was given instead of the proper one; 421 also closes."""
        action = await self.meets(phase)
        if action:
            await self.push(reply(action))
        if action == "421":
            self.shut()
        return bool(action)

    async def _handle_client(self) -> None:
        self.behaviour = self.mail_server.step("*", "connect")
        if not await self.answers("connect"):
            await super()._handle_client()

    async def smtp_MAIL(self, arg: str | None) -> None:
        self.behaviour = self.mail_server.step("*", "mail")
        if not await self.answers("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        recipient = (arg or "").partition("<")[2].partition(">")[0]
        name = recipient if recipient in self.mail_server.script else "*"
        self.behaviour = self.mail_server.step(name, "rcpt", "data", "body", "dot")
        if not await self.answers("rcpt"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if await self.answers("data"):
            return
        if self.behaviour.startswith("body "):
            await self.push("354 go on")
            await self._reader.readuntil(b"\r\n")
            await self.answers("body")
            return
        await super().smtp_DATA(arg)

    def _checked(self, server: Any, session: Session, envelope: Envelope, kind: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.mail_server.login, handled=False)


class _Dot:
    """What happens after the final dot."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        mine = self._conversation
        action = mine.behaviour.removeprefix("dot ")
        if action in ("", "drop", "hang", "garbage"):
            await mine.mail_server.take(_mail(mine.number, envelope))
        if action == "lose":
            mine.behaviour = "dot drop"
        if action == "swallow":
            mine.mail_server.met.put_nowait(mine.behaviour)
            mine.behaviour = ""
        action = await mine.meets("dot")
        if action == "421":
            asyncio.get_running_loop().call_soon(mine.shut)  # after our answer has been written
        return reply(action) if action else "250 taken"


def reply(action: str) -> str:
    """The line that is sent for an action: a reply of that code, or something that is none."""
    return f"{action} as scripted" if action.isdigit() else GARBAGE


def _mail(connection: int, envelope: Envelope) -> Mail:
    raw = envelope.original_content or b""
    headers = message_from_bytes(raw, policy=policy.default)
    return Mail(
        at=datetime.now(UTC).isoformat(),
        connection=connection,
        sender=envelope.mail_from or "",
        recipients=tuple(envelope.rcpt_tos),
        message_id=str(headers["Message-ID"] or ""),
        kind=str(headers["X-Jobd-Kind"] or ""),
        subject=str(headers["Subject"] or ""),
        raw=raw.decode("utf-8", "surrogateescape"),
    )
