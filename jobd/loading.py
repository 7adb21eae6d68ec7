"""What the files say → functions that can be called, and rows in Postgres; with the reason for each job that cannot run."""

from __future__ import annotations

import asyncio
import logging
from importlib.metadata import version

from jobd.config import Config
from jobd.engine.loader import LoadedJob, load_job, make_importable
from jobd.errors import LoadError, StoreUnavailable
from jobd.store.store import Store

log = logging.getLogger(__name__)

RECHECK_SECONDS = 30.0


class Loading:
    """The jobs of one configuration on this machine and in this database."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store
        self.loaded: dict[str, LoadedJob] = {}
        self._broken: dict[str, str] = {}
        self._lacking: dict[str, str] = {}
        self._load_functions()

    def _load_functions(self) -> None:
        if self._config.files:
            make_importable(self._config.files[0].absolute().parent)
        for name, job in self._config.jobs.items():
            try:
                self.loaded[name] = load_job(job)
            except LoadError as error:
                # one job that cannot be loaded does not stop the others
                self._broken[name] = str(error)
                log.error("job cannot be loaded", extra={"job": name, "error": str(error), "place": job.place})

    def disabled_reason(self, job: str) -> str | None:
        """Why this job takes no runs now; None when it does."""
        known = self._config.jobs.get(job)
        if known is not None and not known.enabled:
            return f"disabled in the configuration ({known.place})"
        return self._broken.get(job) or self._lacking.get(job)

    def unable(self) -> dict[str, str]:
        """Job → reason, for jobs that should run and cannot."""
        return {**self._lacking, **self._broken}

    def runnable(self) -> list[str]:
        """The jobs that this node may claim runs of."""
        return [name for name in self.loaded if self.disabled_reason(name) is None]

    async def take_over(self) -> None:
        """Make the rows in Postgres what the files say.

        Raises:
            StoreUnavailable: nothing has changed, or it is not known.
        """
        self._lacking = await self._missing_tables()
        config = self._config
        await self._store.jobs.load(
            config.daemon.name,
            config.jobs.values(),
            config.queues.values(),
            config.schedules.values(),
            disabled=self.unable(),
            tzdata=version("tzdata"),
        )

    async def _missing_tables(self) -> dict[str, str]:
        config = self._config
        wanted = sorted({table for job in config.jobs.values() for table in job.requires})
        missing = await self._store.jobs.missing_tables(config.app.schema, wanted) if wanted else set()
        return {
            name: f'no table {", ".join(gone)} in schema "{config.app.schema}" ([app] schema)'
            for name, job in config.jobs.items()
            if (gone := [table for table in job.requires if table in missing])
        }

    async def recheck(self) -> None:
        """Look again now and then for tables that were missing: a job begins when the application is set up."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            try:
                lacking = await self._missing_tables()
                if lacking != self._lacking:
                    await self.take_over()
                    log.info("application tables checked again", extra={"disabled": sorted(lacking)})
            except StoreUnavailable:
                continue  # the other loops say so
