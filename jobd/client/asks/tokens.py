"""Tokens: who may come over TCP or through a browser; for admins."""

from __future__ import annotations

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask, place, reader, removed, told
from jobd.model.token import MadeToken, TokenReport


def listed() -> Ask[list[TokenReport]]:
    """All by name, without their texts; expired and revoked ones too."""
    return ask.listed(TokenReport, "/v1/tokens", "tokens")


def add(name: str, role: str, *, lasts: str | None = None, reason: str | None = None) -> Ask[MadeToken]:
    """A new token with its text, which is told this once. `lasts` is like `90d`; without it until it is revoked."""
    body = {"name": name, "role": role, "lasts": lasts, "reason": reason}
    return told("/v1/tokens", body, reader(MadeToken))


def revoke(name: str, reason: str | None = None) -> Ask[str]:
    """The name of the token that opens nothing any more, within seconds on every node."""
    return removed(place("tokens", name), reason, lambda answer: str(answer["name"]))
