"""A message of the outbox → the bytes and addresses that go over the wire; the same bytes each time."""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage

from jobd.model.message import Message, checked_address, checked_headers, split_sender

# Base64 or quoted-printable for everything beyond ASCII: not every relay passes eight bits on.
_PLAIN = policy.SMTP.clone(cte_type="7bit")
_INTERNATIONAL = policy.SMTPUTF8.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the server is told, and the content without dot-stuffing."""

    sender: str
    recipient: str
    content: bytes
    international: bool
    """An address has letters beyond ASCII before its @: the server must know SMTPUTF8."""


def compose(message: Message, *, reply_to: str | None = None) -> Envelope:
    """The mail that `message` stands for.

    Raises:
        ValueError: it cannot be a mail; the text says why.
    """
    try:
        return _compose(message, reply_to)
    except (ValueError, LookupError, AttributeError, TypeError, MessageError) as error:
        # the email package answers headers that it cannot digest with any of these
        raise ValueError(f"this message cannot be made a mail: {error}") from error


def _compose(message: Message, reply_to: str | None) -> Envelope:
    name, sender = split_sender(message.sender)
    sender, recipient = _on_the_wire(sender), _on_the_wire(message.recipient)
    international = not (sender.isascii() and recipient.isascii())
    mail = EmailMessage(policy=_INTERNATIONAL if international else _PLAIN)
    mail["From"] = _header_address(sender, name)
    mail["To"] = _header_address(recipient)
    mail["Subject"] = message.subject
    mail["Date"] = message.created_at
    mail["Message-ID"] = message.message_id
    for header, value in _further(message, reply_to).items():
        mail[header] = value
    _set_bodies(mail, message)
    return Envelope(sender=sender, recipient=recipient, content=mail.as_bytes(), international=international)


def _further(message: Message, reply_to: str | None) -> dict[str, str]:
    """Headers beside the obvious ones; `Auto-Submitted` keeps holiday answers away (RFC 3834)."""
    given = checked_headers(message.headers)
    defaults = {"Auto-Submitted": "auto-generated", "X-Jobd-Kind": message.kind}
    if reply_to:
        defaults["Reply-To"] = reply_to
    named = {name.lower() for name in given}
    return {name: value for name, value in defaults.items() if name.lower() not in named} | given


def _set_bodies(mail: EmailMessage, message: Message) -> None:
    if message.text is not None:
        mail.set_content(message.text)
        if message.html is not None:
            mail.add_alternative(message.html, subtype="html")
            # fixed, so that a second copy is the first one byte for byte
            mail.set_boundary(f"=={message.message_id.strip('<>').partition('@')[0]}==")
    elif message.html is not None:
        mail.set_content(message.html, subtype="html")


def _header_address(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def _on_the_wire(address: str) -> str:
    """The address with its domain in ASCII."""
    local, _, domain = checked_address(address).rpartition("@")
    return f"{local}@{domain.encode('idna').decode('ascii')}"
