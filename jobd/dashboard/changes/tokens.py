"""Tokens made and revoked, as `Deed`s. The text of a new one stands in none of their words."""

from __future__ import annotations

import shlex

from jobd.client.asks import tokens
from jobd.dashboard.changes.deed import Care, Deed
from jobd.model.roles import Role
from jobd.model.token import check_name, lifetime


def add(name: str, role: str, lasts: str | None) -> Deed:
    """A new token; `lasts` is like `90d`, None: until it is revoked.

    Raises:
        ValueError: no token can be called so or last so long; begins with the name of what is wrong, and a colon.
    """
    _check("name", name)
    if lasts is not None:
        _check("lasts", lasts)
    return Deed(
        ask=tokens.add(name, role, lasts=lasts),
        title=f"Make token {name}",
        command=_command("add", name, "--role", role, *(["--lasts", lasts] if lasts else [])),
        done=lambda made: f"token {made.name} is made",
        undo=_command("revoke", name),
        role=Role.ADMIN,
        blind=True,
    )


def revoke(name: str, *, own: bool) -> Deed:
    """Close that door; `own`: whoever does it came in by it."""
    yours = " It is your own: you are out, too." if own else ""
    return Deed(
        ask=tokens.revoke(name),
        title=f"Revoke token {name}",
        detail=f"Within 5 s it opens nothing; pages of jobctl web end within 60 s.{yours}",
        command=_command("revoke", name),
        done=lambda _: f"token {name} is revoked",
        care=Care.TYPE,
        typed=name,
        role=Role.ADMIN,
    )


def _command(*words: str) -> str:
    return shlex.join(["jobd", "token", *words])


def _check(field: str, text: str) -> None:
    try:
        if field == "name":
            check_name(text)
        else:
            lifetime(text)
    except ValueError as error:
        raise ValueError(f"{field}: {error}") from None
