"""A connection to the mail server, greeted, encrypted and logged in as `[mail]` says."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from aiosmtplib import SMTP, SMTPException, SMTPHeloError

from jobd.clients.smtp.results import Deferred, readable
from jobd.model.settings import MailSettings, TlsMode

_START_TLS = {
    TlsMode.REQUIRED: True,
    TlsMode.IMPLICIT: False,
    TlsMode.OPPORTUNISTIC: None,  # if the server offers it
    TlsMode.OFF: False,
}


class NoConnection(Exception):
    """The server cannot be used now; `result` is what that means for a message.

    It says nothing about recipients: a wrong password must not bounce anybody's mail.
    """

    def __init__(self, result: Deferred) -> None:
        self.result = result
        super().__init__(result.reply)


async def connect(settings: MailSettings) -> SMTP:
    """A connection that is ready for messages; each step of the way has `[mail] timeout`.

    Raises:
        NoConnection: unreachable, no TLS where it is required, login refused, or a greeting that is none.
    """
    smtp = SMTP(
        hostname=settings.host,
        port=settings.port,
        timeout=settings.timeout.total_seconds(),
        local_hostname=_own_name(),
        use_tls=settings.tls is TlsMode.IMPLICIT,
        start_tls=_START_TLS[settings.tls],
        # opportunistic TLS keeps listeners out and proves nothing: a wrong certificate is no worse than none
        validate_certs=settings.tls is not TlsMode.OPPORTUNISTIC,
    )
    try:
        await smtp.connect()
        await _greet(smtp)
        await _log_in(smtp, settings)
    except (SMTPException, OSError, UnicodeError) as error:
        smtp.close()
        words = readable(getattr(error, "code", None), getattr(error, "message", error))
        raise NoConnection(Deferred(reply=f"no connection: {words}", server=True)) from error
    except BaseException:
        smtp.close()
        raise
    return smtp


async def _greet(smtp: SMTP) -> None:
    if not smtp.is_ehlo_or_helo_needed:
        return
    try:
        await smtp.ehlo()
    except SMTPHeloError:
        await smtp.helo()


async def _log_in(smtp: SMTP, settings: MailSettings) -> None:
    """Log in when a user is configured, and never with a readable password on a network."""
    if settings.user is None:
        return
    encrypted = smtp.get_transport_info("sslcontext") is not None
    if not encrypted and not _is_loopback(smtp.get_transport_info("peername")):
        raise SMTPException(f"{settings.host} offers no TLS, and the password of [mail] user is not sent in the clear")
    await smtp.login(settings.user, settings.password or "")


def _is_loopback(peer: Any) -> bool:
    return isinstance(peer, tuple) and ipaddress.ip_address(peer[0].partition("%")[0]).is_loopback


def _own_name() -> str:
    """A name for EHLO. Not the resolver's: that lookup hangs for seconds on a machine without DNS."""
    name = socket.gethostname()
    return name if name and name.isascii() and not any(map(str.isspace, name)) else "localhost"
