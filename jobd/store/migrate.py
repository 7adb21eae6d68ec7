"""Numbered migrations, forward only, under a lock; several daemons may start at once on an empty database."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any

import asyncpg

from jobd.errors import StoreRefused
from jobd.store.database import close, connect
from jobd.store.outages import outages

# "jobd" in ASCII; a transaction-level lock, so that a pooler cannot leave it behind
_LOCK = 0x6A6F6264
_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")

_APPLIED = "select version, checksum from jobd.migrations"
_SCHEMA = "create schema if not exists jobd;"
_LEDGER = """
create table if not exists jobd.migrations (
    version    integer primary key,
    name       text not null,
    checksum   text not null,
    applied_at timestamptz not null default now()
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


@lru_cache(maxsize=1)
def migrations() -> tuple[Migration, ...]:
    """Every migration of this jobd, in order."""
    found = [
        Migration(version=int(match[1]), name=entry.name, sql=entry.read_text("utf-8"))
        for entry in files("jobd.store").joinpath("migrations").iterdir()
        if (match := _NAME.match(entry.name))
    ]
    return tuple(sorted(found, key=lambda migration: migration.version))


async def migrate(url: str) -> list[str]:
    """Bring the schema `jobd` to this version; the names of what was applied, empty when nothing was to do.

    All pending migrations are one transaction: an error leaves the database as it was. An up-to-date schema is only
    read, so that a role which may change no table can start the daemon.

    Raises:
        StoreUnavailable: no connection.
        StoreRefused: the schema is newer than this jobd, an applied migration is not the one we know, or there is
            something to do and this role may not do it.
    """
    # A migration may rewrite a table: no statement timeout, but locks are waited for only so long.
    connection = await connect(url, application="jobd migrate", statement_timeout=timedelta(0), search_path="public")
    try:
        with outages:
            if not (pending := await _pending(connection)):
                return []
            try:
                return await _apply(connection)
            except asyncpg.InsufficientPrivilegeError as error:
                names = ", ".join(migration.name for migration in pending)
                raise StoreRefused(
                    f"the schema jobd lacks {names}, and this role may not make it ({error}): "
                    "run `jobd migrate` as the owner of the schema"
                ) from error
    finally:
        await close(connection)


async def _apply(connection: Any) -> list[str]:
    """Apply what is pending once nobody else does; another daemon may have done it meanwhile."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        if not await connection.fetchval("select to_regnamespace('jobd') is not null"):
            await connection.execute(_SCHEMA)  # even `if not exists` takes a right on the database
        await connection.execute(_LEDGER)
        pending = await _pending(connection)
        for migration in pending:
            await connection.execute(migration.sql)
            await connection.execute(
                "insert into jobd.migrations (version, name, checksum) values ($1, $2, $3)",
                migration.version,
                migration.name,
                migration.checksum,
            )
    return [migration.name for migration in pending]


async def _pending(connection: Any) -> list[Migration]:
    """What this schema lacks; asks the catalogue, for a schema that one may not use does not show its tables."""
    if not await connection.fetchval(
        "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = 'jobd' and c.relname = 'migrations')"
    ):
        return list(migrations())
    return _missing({row["version"]: row["checksum"] for row in await connection.fetch(_APPLIED)})


def _missing(applied: dict[int, str]) -> list[Migration]:
    known = {migration.version: migration for migration in migrations()}
    if newer := sorted(set(applied) - set(known)):
        raise StoreRefused(
            f"the schema jobd has migration {newer[-1]:04d}, which this jobd does not know: "
            "a newer jobd has been here; install that version, or restore the backup taken before it"
        )
    for version, checksum in applied.items():
        if known[version].checksum != checksum:
            raise StoreRefused(
                f"{known[version].name} was applied with other contents than this jobd ships: "
                "the schema is not what this version was tested with; install the release that made it"
            )
    return [migration for version, migration in sorted(known.items()) if version not in applied]


def script() -> str:
    """What `jobd migrate --sql` prints: everything for a DBA to read or run, in one transaction."""
    parts = ["begin;", _SCHEMA, _LEDGER.strip()]
    for migration in migrations():
        parts += [
            f"\n-- {migration.name}\n{migration.sql.strip()}",
            "insert into jobd.migrations (version, name, checksum) values "  # noqa: S608 - our own files' names
            f"({migration.version}, '{migration.name}', '{migration.checksum}');",
        ]
    return "\n".join([*parts, "commit;", ""])


def roles() -> str:
    """What `jobd migrate --roles` prints: roles for the owner, the daemon, applications and readers."""
    return files("jobd.store").joinpath("roles.sql").read_text("utf-8")
