"""What the files say → functions to call and rows in Postgres; with the reason for each job that cannot run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version

from jobd.config import Config
from jobd.engine.loader import LoadedJob, load_job, make_importable
from jobd.errors import LoadError, Problem, StoreUnavailable
from jobd.model.change import Line
from jobd.model.job import Job
from jobd.store.store import Store

log = logging.getLogger(__name__)

RECHECK_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A configuration whose functions have been looked for, and that could be taken."""

    config: Config
    loaded: dict[str, LoadedJob]
    broken: dict[str, str]

    @property
    def problems(self) -> list[tuple[str, Problem]]:
        """Job → what keeps it from being loaded, at the line of its table."""
        return [(name, _at(self.config.jobs[name], why)) for name, why in self.broken.items()]


def _at(job: Job, why: str) -> Problem:
    file, _, line = job.place.rpartition(":")
    place = {"file": file, "line": int(line), "column": 1} if line.isdigit() else {"file": job.place}
    hint = "is it installed in this Python? a module that is imported already is read again by a restart only"
    return Problem(**place, key=f"jobs.{job.name}.run", problem=why, hint=hint)


class Loading:
    """The jobs of one configuration on this machine and in this database."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store
        candidate = self.candidate(config)
        self.loaded = candidate.loaded
        """By name; jobs that a reload took away stay, for runs of theirs that are under way."""
        self._broken = candidate.broken
        self._lacking: dict[str, str] = {}
        for name, error in self._broken.items():
            # one job that cannot be loaded does not stop the others
            log.error("job cannot be loaded", extra={"job": name, "error": error, "place": config.jobs[name].place})

    def candidate(self, config: Config) -> Candidate:
        """`config` with its functions; nothing is taken yet."""
        if config.files:
            make_importable(config.files[0].absolute().parent)
        loaded: dict[str, LoadedJob] = {}
        broken: dict[str, str] = {}
        for name, job in config.jobs.items():
            try:
                loaded[name] = load_job(job)
            except LoadError as error:
                broken[name] = str(error)
        return Candidate(config=config, loaded=loaded, broken=broken)

    async def take(self, candidate: Candidate, journal: Iterable[Line] = ()) -> None:
        """Go on with `candidate`, in Postgres and here, and remember it in the journal.

        Raises:
            StoreUnavailable: all stays as it was here, and Postgres is told again by the next reload.
        """
        before = self._config, self._broken, self._lacking
        self._config, self._broken = candidate.config, candidate.broken
        try:
            await self.take_over(journal)
        except BaseException:
            self._config, self._broken, self._lacking = before
            raise
        self.loaded.update(candidate.loaded)

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
        return [name for name in self._config.jobs if name in self.loaded and self.disabled_reason(name) is None]

    async def take_over(self, journal: Iterable[Line] = ()) -> None:
        """Make the rows in Postgres what the files say, and write these lines of the journal with them.

        Raises:
            StoreUnavailable: nothing has changed, or it is not known.
        """
        config, lacking = self._config, await self._missing_tables()
        await self._store.jobs.load(
            config.daemon.name,
            config.jobs.values(),
            config.queues.values(),
            config.schedules.values(),
            disabled={**lacking, **self._broken},
            tzdata=version("tzdata"),
            journal=journal,
        )
        self._lacking = lacking  # only now: who may run here must not be ahead of what the rows say

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
