"""What can become of one try to send one message."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST_REPLY = 500
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The server took the message: from here on it answers for it."""

    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Not taken, worth trying again: a 4xx, or trouble with the connection before the final dot."""

    reply: str
    server: bool = False
    """The trouble is the server's (unreachable, wrong password, 421) and would meet every message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounced:
    """Refused for good: a 5xx to this recipient or this message, or a message that cannot be a mail."""

    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """The final dot was written and no answer came back: taken or not, nobody here can know."""

    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The owner forbade the final dot; the server took nothing."""


Result = Sent | Deferred | Bounced | InDoubt | Withdrawn


def readable(code: int | None, words: object) -> str:
    """A server's reply as one storable line: no control characters or surrogates, at most 500 characters."""
    text = _UNSAFE.sub(" ", str(words)).strip()
    return (f"{code} {text}" if code is not None else text)[:_LONGEST_REPLY]
