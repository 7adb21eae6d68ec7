"""The database as people are shown it: sizes, what holds vacuum back, how near the limits are."""

from __future__ import annotations

from jobd.model.database import DatabaseReport, SnapshotReport, TableReport
from jobd.statements import statements
from jobd.store.database import Database
from jobd.store.reading import reading

sql = statements("jobd.store.sql", "database")


async def database_report(database: Database, pooler: bool | None) -> DatabaseReport:
    """How it stands; `pooler` is what the caller knows of one in between.

    Raises:
        StoreUnavailable: Postgres is gone, or took over two seconds to look at its files.
    """
    async with reading(database) as connection:
        snapshot = await connection.fetchrow(sql.oldest_snapshot)
        tables = await connection.fetch(sql.tables)
        server = await connection.fetchrow(sql.server)
    return DatabaseReport(
        **server,
        tables=tuple(TableReport(**row) for row in tables),
        oldest_snapshot=SnapshotReport(**snapshot) if snapshot is not None else None,
        pooler=pooler,
    )
