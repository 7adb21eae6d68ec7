"""An outbox message: one mail for one recipient, and the rules for what may stand in its headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class MessageState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"  # a node has it in hand
    SENT = "sent"  # the server took it
    DEFERRED = "deferred"  # refused for now, or the server could not be reached; tried again at `due_at`
    BOUNCED = "bounced"  # refused for good
    IN_DOUBT = "in_doubt"  # the answer was lost after the final dot; sent again with the same Message-ID
    HELD = "held"  # waits for a person: mail is disabled, or a doubt not to be resolved by sending twice
    DEAD = "dead"  # given up after days of deferrals


FINAL = frozenset({MessageState.SENT, MessageState.BOUNCED, MessageState.DEAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message in a node's hand. `id` and `tries` name this taking: the next one has more tries."""

    id: int
    tries: int
    kind: str
    sender: str
    recipient: str
    subject: str
    message_id: str
    created_at: datetime
    text: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    doubts: int = 0
    """How often its answer was lost so far."""


# RFC 5322 dot-atom, and letters beyond ASCII (RFC 6531). Quoted local parts and address literals are left
# out: nobody's subscription hangs on them, and they are how addresses smuggle second recipients.
_ATOM = r"[^\x00-\x20\x7f-\x9f\s()<>\[\]:;@\\,.\"]+"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_STORABLE = re.compile(r"[\x00\ud800-\udfff]")
# What jobd writes itself, and what would add recipients.
_OWN = frozenset(("from", "to", "cc", "bcc", "subject", "date", "message-id", "sender", "mime-version", "return-path"))


def checked_address(text: str) -> str:
    """`text` as one plain address `local@domain`.

    Raises:
        ValueError: it is not exactly one address; display names, lists and control characters are refused.
    """
    local, _, _ = text.rpartition("@")
    if len(text) > 254 or len(local) > 64 or not _ADDRESS.fullmatch(text) or _CONTROL.search(text):
        raise ValueError(f"not a mail address: {text[:100]!r}; one address of the form name@example.org is needed")
    return text


def checked_sender(text: str) -> str:
    """`text` as a sender, `local@domain` or `Name <local@domain>`.

    Raises:
        ValueError: neither of the two.
    """
    name, address = split_sender(text)
    checked_address(address)
    checked_header("sender", name)
    return text


def split_sender(text: str) -> tuple[str, str]:
    """The display name (may be empty) and the address of a sender."""
    name, bracket, rest = text.rpartition("<")
    if bracket and rest.endswith(">"):
        return name.strip().strip('"'), rest[:-1]
    return "", text


def checked_header(name: str, value: str) -> str:
    """`value` as the text of one header line.

    Raises:
        ValueError: a line break or another control character; names the header.
    """
    if _CONTROL.search(value):
        raise ValueError(f"{name}: a mail header cannot hold line breaks or control characters: {value[:100]!r}")
    if len(value) > 900:
        raise ValueError(f"{name}: longer than 900 characters")
    return value


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Further headers of a message.

    Raises:
        ValueError: a name that is no header's, or one that jobd writes itself.
    """
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"not a header name: {name[:100]!r}")
        if name.lower() in _OWN or name.lower().startswith(("content-", "resent-")):
            raise ValueError(f"the header {name} is written by jobd")
        checked_header(name, value)
    return dict(headers)


def checked_body(text: str | None) -> str | None:
    """A body that Postgres can keep.

    Raises:
        ValueError: NUL characters or lone surrogates.
    """
    if text is not None and _NOT_STORABLE.search(text):
        raise ValueError("the body holds NUL characters or lone surrogates, which can be neither stored nor sent")
    return text
