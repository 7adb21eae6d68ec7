"""Bearer tokens in Postgres, by the hashes of their secrets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jobd.errors import Conflict, NotFound
from jobd.model.change import Action, Actor
from jobd.model.roles import Role
from jobd.model.token import Token, TokenReport, hashed, new_secret
from jobd.statements import statements
from jobd.store.audit import note
from jobd.store.database import Database

sql = statements("jobd.store.sql", "tokens")


class Tokens:
    """The tokens of this database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, name: str, role: Role, who: Actor, *, lasts: timedelta | None = None, reason: str | None = None
    ) -> str:
        """A new token's secret, which nobody can look up again.

        Raises:
            Conflict: the name is in use.
        """
        secret = new_secret()
        async with self._database.transaction() as tx:
            if (row := await tx.fetchrow(sql.add, name, hashed(secret), str(role), lasts)) is None:
                raise Conflict(f"there is a token {name}; revoke it first, or take another name")
            await note(tx, who, Action.TOKEN_ADD, name, reason=reason, after=_facts(row))
        return secret

    async def revoke(self, name: str, who: Actor, reason: str | None = None) -> None:
        """Close the door; a daemon notices within seconds.

        Raises:
            NotFound: no such token, or it was revoked.
        """
        async with self._database.transaction() as tx:
            if (row := await tx.fetchrow(sql.revoke, name)) is None:
                raise NotFound(f"there is no token {name}")
            await note(tx, who, Action.TOKEN_REVOKE, name, reason=reason, before=_facts(row))

    async def valid(self) -> list[Token]:
        """All that open a door now."""
        return [
            Token(name=row["name"], hash=row["hash"], role=Role[row["role"].upper()])
            for row in await self._database.fetch(sql.valid)
        ]

    async def all(self) -> list[TokenReport]:
        """All there are, expired and revoked ones too."""
        return [TokenReport(**row) for row in await self._database.fetch(sql.page)]


def _facts(row: Any) -> dict[str, str | None]:
    """What a token may, and until when."""
    return {"role": row["role"], "expires_at": row["expires_at"].isoformat() if row["expires_at"] else None}
