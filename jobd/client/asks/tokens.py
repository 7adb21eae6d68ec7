"""Tokens: who may come over TCP or through a browser; for admins."""

from __future__ import annotations

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask, place, reader, told
from jobd.model.token import MadeToken, TokenReport


def listed() -> Ask[list[TokenReport]]:
    """All by name, without their texts; expired and revoked ones too."""
    return ask.listed(TokenReport, "/v1/tokens", "tokens")


def add(name: str, role: str, *, lasts: str | None = None) -> Ask[MadeToken]:
    """A new token with its text, which is told this once. `lasts` is like `90d`; without it until it is revoked."""
    return told("/v1/tokens", {"name": name, "role": role, "lasts": lasts}, reader(MadeToken))


def revoke(name: str) -> Ask[str]:
    """The name of the token that opens nothing any more, within seconds on every node."""
    return Ask(method="DELETE", path=place("tokens", name), read=lambda answer: str(answer["name"]))
