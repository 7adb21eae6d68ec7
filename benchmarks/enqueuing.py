"""An application in this process that enqueues as jobd's daemon does: coalesced, with a NOTIFY after the commit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.daemon import TABLES, configuration
from jobd.config import load_text
from jobd.engine.enqueue import Enqueuer
from jobd.engine.loops import Pulse, patiently, running
from jobd.store.listen import Announcer
from jobd.store.store import open_store


@asynccontextmanager
async def enqueuing(url: str, directory: Path, tables: str = TABLES, *, alone: bool) -> AsyncIterator[Enqueuer]:
    """An Enqueuer on `url` for the length of the block; `alone` loads the jobs, which else a daemon has done."""
    config = load_text(configuration(url, directory, tables, "", ""), environ={})
    async with open_store(url, config.database, config.app) as store:
        if alone:
            jobs, queues = config.jobs.values(), config.queues.values()
            await store.jobs.load(config.daemon.name, jobs, queues, (), disabled={}, tzdata="")
        announcer = Announcer(store.database)
        announcer.company = True
        enqueuer = Enqueuer(store.runs, config.jobs, announcer.queued)
        async with running(enqueuer.run(), patiently("announce", Pulse(), announcer.round, announcer.wake)):
            yield enqueuer
