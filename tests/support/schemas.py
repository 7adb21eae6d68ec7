"""The schema as an earlier jobd left it."""

from __future__ import annotations

import asyncpg

from jobd.store.migrate import script


async def migrated_before(url: str, version: int) -> None:
    """The database at `url` gets all migrations that are older than `version`, as they were printed then."""
    older, found, _ = script().partition(f"\n-- {version:04d}_")
    assert found, f"there is no migration {version}"
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"{older}\ncommit;")
    finally:
        await connection.close()
