"""Bearer tokens for the API on TCP: a name, a role, and a secret of which only a hash is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobd.model.duration import Length, length_of
from jobd.model.roles import Role

PREFIX = "jobd_"
"""So that a scanner of sources and logs knows one when it sees it."""
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
"""What a token may be called: it stands in logs, in the journal and on command lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One that opens a door now."""

    name: str
    role: Role
    hash: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReport:
    """One as people see it."""

    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None = None
    """Absent: until it is revoked."""
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """One that was made just now, with the text that nobody can look up again."""

    name: str
    role: str
    token: str = field(repr=False)


def check_name(name: str) -> None:
    """Raises ValueError, which says how to write one, for what no token may be called."""
    if not re.fullmatch(NAME, name):
        what = f"{name[:40]!r} is no name for a token" if name else "a token needs a name"
        raise ValueError(f"{what}; begin with a letter or digit, go on with letters, digits and . _ -, 63 at most")


def lifetime(length: Length) -> timedelta:
    """How long a token is to open the door.

    Raises:
        ValueError: not at all, or it is no length of time.
    """
    if not (lasts := length_of(length)):
        raise ValueError("a token that lasts no time opens nothing")
    return lasts


def new_secret() -> str:
    """A new token's text: 32 random bytes. It is shown once and kept nowhere."""
    return PREFIX + secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """What is kept of it. A plain SHA-256 is enough: nobody guesses 256 random bits, however fast they hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
