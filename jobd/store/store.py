"""Everything that is kept, under one name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from jobd.model.privacy import Mask
from jobd.model.settings import AppSettings, DatabaseSettings
from jobd.store.bulk import Bulks
from jobd.store.changes import Changes
from jobd.store.database import Database, open_database
from jobd.store.jobdb import JobDatabase
from jobd.store.jobs import Jobs
from jobd.store.look import Look
from jobd.store.nodes import Nodes
from jobd.store.outbox import Outbox
from jobd.store.pauses import Pauses
from jobd.store.reading import SECONDS
from jobd.store.retention import Retention
from jobd.store.runs import Runs
from jobd.store.schedules import Schedules
from jobd.store.scrubbing import Scrubbing
from jobd.store.tokens import Tokens
from jobd.store.views import Views

READERS = 2
"""Connections for all questions of people together; a page takes milliseconds, and none takes over two seconds."""


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
    scrubbing: Scrubbing
    pauses: Pauses
    changes: Changes
    bulks: Bulks
    tokens: Tokens
    views: Views
    job_db: JobDatabase


@asynccontextmanager
async def open_store(
    url: str, settings: DatabaseSettings, app: AppSettings, *, redact: Collection[str] = ()
) -> AsyncIterator[Store]:
    """The store on a migrated database; its connections are closed when the block ends.

    `redact` are the paths of what `views` shows to nobody, and `bulks` finds nothing by.

    Raises:
        StoreUnavailable: no connection could be made.
    """
    timeout = settings.statement_timeout
    async with (
        open_database(url, connections=settings.connections, statement_timeout=timeout) as database,
        open_database(
            url, connections=settings.connections, statement_timeout=timeout, search_path=f'"{app.schema}"', shared=True
        ) as for_jobs,
        # people's questions have connections of their own: however many ask, the work does not wait for one
        open_database(
            url, connections=READERS, statement_timeout=timedelta(seconds=SECONDS), application="jobd views"
        ) as for_views,
    ):
        runs, mask = Runs(database), Mask(redact)
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
                scrubbing=Scrubbing(database),
                pauses=Pauses(database),
                changes=Changes(database),
                bulks=Bulks(database, mask),
                tokens=Tokens(database),
                views=Views(for_views, mask),
                job_db=JobDatabase(for_jobs),
            )
        finally:
            await runs.close()
