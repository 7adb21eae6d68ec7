"""Bearer tokens for the API on TCP: a name, a role, and a secret of which only a hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from jobd.model.roles import Role

PREFIX = "jobd_"
"""So that a scanner of sources and logs knows one when it sees it."""


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


def new_secret() -> str:
    """A new token's text: 32 random bytes. It is shown once and kept nowhere."""
    return PREFIX + secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """What is kept of it. A plain SHA-256 is enough: nobody guesses 256 random bits, however fast they hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
