"""Messages over one kept connection, with certainty about whether the final dot was written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from aiosmtplib.protocol import PERIOD_REGEX, normalize_message_line_endings

from jobd.clients.smtp.compose import Envelope, compose
from jobd.clients.smtp.connection import NoConnection, connect
from jobd.clients.smtp.results import Bounced, Deferred, InDoubt, Result, Sent, Withdrawn, readable
from jobd.model.message import Message
from jobd.model.settings import MailSettings

BeforeDot = Callable[[], Awaitable[bool]]
"""Awaited when everything but the final dot is with the server; False forbids the dot."""
MESSAGES_PER_CONNECTION = 100
"""Common servers close after 100 to 1000 messages; one fresh connection in 100 messages costs under 1 %."""


class Refused(Exception):
    """The conversation ended before the dot; `result` is what that means for the message."""

    def __init__(self, result: Deferred | Bounced) -> None:
        self.result = result
        super().__init__(result.reply)


class Session:
    """A connection, opened at the first message and again after each trouble. One message at a time.

    The phases of a message are driven one by one: the library's own `data()` cannot tell a connection lost
    before the dot from one lost after it.
    """

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._seconds = settings.timeout.total_seconds()
        self._smtp: SMTP | None = None
        self._used = 0

    async def send(self, message: Message, before_dot: BeforeDot) -> Result:
        """Try once to hand `message` over; `before_dot` is awaited before the server can accept it.

        Every phase has a timeout of its own, `[mail] timeout`. What `before_dot` raises comes out of here, and
        the server took nothing. Cancelled, it leaves no connection behind.
        """
        try:
            envelope = compose(message, reply_to=self._settings.reply_to)
        except ValueError as error:
            return Bounced(reply=readable(None, error))
        result: Result | None = None
        try:
            result = await self._converse(envelope, before_dot)
        except (Refused, NoConnection) as refused:
            result = refused.result
        finally:
            if result is None or isinstance(result, (InDoubt, Withdrawn)):
                self._drop()  # in the middle of a message, or out of step
        return result

    async def close(self) -> None:
        """Say goodbye, within two seconds, and close."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            if smtp.is_connected:
                await smtp.quit(timeout=2)
        except (SMTPException, OSError):
            pass  # the goodbye is politeness: whatever was sent has been answered
        finally:
            smtp.close()

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    async def _converse(self, envelope: Envelope, before_dot: BeforeDot) -> Result:
        await self._begin(envelope)
        await self._content(envelope)
        if not await before_dot():
            return Withdrawn()
        return await self._dot()

    async def _begin(self, envelope: Envelope) -> None:
        """Have sender, recipient and DATA accepted, on a connection that lives."""
        kept = self._smtp is not None
        try:
            await self._envelope(envelope)
        except Refused:
            if not kept or self._smtp is not None:
                raise
            # a kept connection that was closed meanwhile says nothing about the server: once more
            await self._envelope(envelope)

    async def _envelope(self, envelope: Envelope) -> None:
        smtp = await self._connected()
        options, encoding = [], "ascii"
        if envelope.international:
            if not smtp.supports_extension("smtputf8"):
                raise Refused(Bounced(reply="the server takes no addresses beyond ASCII (no SMTPUTF8)"))
            options, encoding = [b"SMTPUTF8"], "utf-8"
        if smtp.supports_extension("size"):
            options.append(b"SIZE=%d" % len(envelope.content))
        sender, recipient = f"FROM:<{envelope.sender}>", f"TO:<{envelope.recipient}>"
        await self._step("MAIL", smtp.execute_command(b"MAIL", sender.encode(encoding), *options))
        await self._step("RCPT", smtp.execute_command(b"RCPT", recipient.encode(encoding)))
        await self._step("DATA", smtp.execute_command(b"DATA"), accepted=(354,))

    async def _connected(self) -> SMTP:
        if self._used >= MESSAGES_PER_CONNECTION:
            await self.close()
        if self._smtp is None or not self._smtp.is_connected:
            self._drop()
            self._smtp, self._used = await connect(self._settings), 0
        self._used += 1
        return self._smtp

    async def _step(self, name: str, command: Awaitable[Any], accepted: tuple[int, ...] = (250, 251)) -> None:
        """One command before the content; returns when it was accepted."""
        try:
            code, words = await command
        except (SMTPException, OSError) as error:  # lost, timed out, or a reply that is no SMTP
            self._drop()
            said = error.message if isinstance(error, SMTPResponseException) else error
            raise Refused(Deferred(reply=readable(None, f"{name}: {said}"), server=True)) from error
        if code not in accepted:
            await self._reset(code)
            raise Refused(_meaning(name, code, readable(code, words)))

    async def _reset(self, code: int) -> None:
        """Leave the connection ready for the next message, or closed."""
        if self._smtp is None or not 400 <= code < 600 or code == 421:
            self._drop()
            return
        try:
            await self._smtp.rset()
        except (SMTPException, OSError):
            self._drop()

    async def _content(self, envelope: Envelope) -> None:
        """Everything but the final dot leaves our buffers: who has read nothing has accepted nothing."""
        assert self._smtp is not None
        try:
            async with asyncio.timeout(self._seconds):
                await _write_out(self._smtp, envelope.content)
        except (SMTPException, OSError) as error:
            self._drop()
            problem = str(error) or "timed out"
            raise Refused(Deferred(reply=readable(None, f"content: {problem}"), server=True)) from error

    async def _dot(self) -> Result:
        """Write the final dot. What the server answers is the result; no answer is doubt."""
        protocol = self._smtp.protocol if self._smtp is not None else None
        if protocol is None or not protocol.is_connected:
            self._drop()
            return Deferred(reply="the server closed the connection before the final dot", server=True)
        try:
            protocol.write(b".\r\n")
            code, words = await protocol.read_response(timeout=self._seconds)
        except (SMTPException, OSError) as error:
            said = error.message if isinstance(error, SMTPException) else error
            return InDoubt(reply=readable(None, f"after the final dot: {said}"))
        if code == 421:
            self._drop()
        reply = readable(code, words)
        if 200 <= code < 300:
            return Sent(reply=reply)
        return _meaning("dot", code, reply) if 400 <= code < 600 else InDoubt(reply=f"after the final dot: {reply}")


def _meaning(name: str, code: int, reply: str) -> Deferred | Bounced:
    """What a refusal means for the message."""
    if name == "MAIL" and code != 552:
        # a refused sender is our configuration (login, domain): no recipient's mail may bounce for it
        return Deferred(reply=reply, server=True)
    if code >= 500:
        return Bounced(reply=reply)
    return Deferred(reply=reply, server=code == 421)


async def _write_out(smtp: SMTP, content: bytes) -> None:
    """Write `content`, dot-stuffed, and wait until the kernel has all of it."""
    protocol, transport = smtp.protocol, cast(asyncio.WriteTransport, smtp.transport)
    if protocol is None or not protocol.is_connected:
        raise ConnectionResetError("the server closed the connection")
    transport.set_write_buffer_limits(high=0)
    protocol.write(PERIOD_REGEX.sub(b"..", normalize_message_line_endings(content)))
    # not through a StreamWriter: it closes the transport when it is collected
    await protocol._drain_helper()
