"""Everything that is kept, under one name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from jobd.model.settings import AppSettings, DatabaseSettings
from jobd.store.database import Database, open_database
from jobd.store.jobdb import JobDatabase
from jobd.store.jobs import Jobs
from jobd.store.look import Look
from jobd.store.nodes import Nodes
from jobd.store.outbox import Outbox
from jobd.store.retention import Retention
from jobd.store.runs import Runs
from jobd.store.schedules import Schedules
from jobd.store.views import Views


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One open database: a door for each noun."""

    database: Database
    runs: Runs
    schedules: Schedules
    jobs: Jobs
    nodes: Nodes
    look: Look
    outbox: Outbox
    retention: Retention
    views: Views
    job_db: JobDatabase


@asynccontextmanager
async def open_store(url: str, settings: DatabaseSettings, app: AppSettings) -> AsyncIterator[Store]:
    """The store on a migrated database; its connections are closed when the block ends.

    Raises:
        StoreUnavailable: no connection could be made.
    """
    timeout = settings.statement_timeout
    async with (
        open_database(url, connections=settings.connections, statement_timeout=timeout) as database,
        open_database(
            url, connections=settings.connections, statement_timeout=timeout, search_path=app.schema, shared=True
        ) as for_jobs,
    ):
        runs = Runs(database)
        try:
            yield Store(
                database=database,
                runs=runs,
                schedules=Schedules(database),
                jobs=Jobs(database),
                nodes=Nodes(database),
                look=Look(database),
                outbox=Outbox(database),
                retention=Retention(database),
                views=Views(database),
                job_db=JobDatabase(for_jobs),
            )
        finally:
            await runs.close()
