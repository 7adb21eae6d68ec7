"""What the files say → functions to call and rows in Postgres; with the reason for each job that cannot run."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version

from jobd.config import Config
from jobd.config.journal import load_lines, written
from jobd.engine.loader import LoadedJob, load_job, make_importable
from jobd.engine.sources import Sources
from jobd.errors import LoadError, StoreUnavailable
from jobd.fitting import Misfit, configured_misfits, not_loadable
from jobd.model.change import Actor, Line
from jobd.store.store import Store

log = logging.getLogger(__name__)

RECHECK_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A configuration whose functions have been looked for, and that could be taken."""

    config: Config
    loaded: dict[str, LoadedJob]
    misfits: tuple[Misfit, ...] = ()

    def unfit(self, kind: str) -> dict[str, str]:
        """Of "jobs" or "schedules": name → why it cannot be called."""
        return {misfit.name: str(misfit) for misfit in reversed(self.misfits) if misfit.kind == kind}


class Loading:
    """The jobs of one configuration on this machine and in this database."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store
        self.sources = Sources()
        """The code of the jobs as it was imported."""
        candidate = self.candidate(config)
        self.loaded = candidate.loaded
        """By name; jobs that a reload took away stay, for runs of theirs that are under way."""
        self._broken, self._unfit = candidate.unfit("jobs"), candidate.unfit("schedules")
        self._lacking: dict[str, str] = {}
        # one that cannot be called does not stop the others
        for name, error in self._broken.items():
            log.error("job cannot be loaded", extra={"job": name, "error": error, "place": config.jobs[name].place})
        for name, error in self._unfit.items():
            place = config.schedules[name].place
            log.error("schedule cannot fire", extra={"schedule": name, "error": error, "place": place})

    def candidate(self, config: Config) -> Candidate:
        """`config` with its functions; nothing is taken yet."""
        if config.files:
            make_importable(config.files[0].absolute().parent)
        loaded: dict[str, LoadedJob] = {}
        found: list[Misfit] = []
        for name, job in config.jobs.items():
            try:
                loaded[name] = load_job(job)
            except LoadError as error:
                found.append(not_loadable(name, error))
        found += configured_misfits(config, loaded)
        self.sources.note(job.run for job in config.jobs.values() if job.run is not None)
        return Candidate(config=config, loaded=loaded, misfits=tuple(found))

    async def take(self, candidate: Candidate, journal: Iterable[Line] = ()) -> None:
        """Go on with `candidate`, in Postgres and here, and remember it in the journal.

        Raises:
            StoreUnavailable: all stays as it was here, and Postgres is told again by the next reload.
        """
        before = self._config, self._broken, self._unfit, self._lacking
        self._config = candidate.config
        self._broken, self._unfit = candidate.unfit("jobs"), candidate.unfit("schedules")
        try:
            await self.take_over(journal)
        except BaseException:
            self._config, self._broken, self._unfit, self._lacking = before
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

    def unfit(self) -> dict[str, str]:
        """Schedule → reason, for schedules that should fire and cannot, though their job can run."""
        broken = self.unable()
        return {name: why for name, why in self._unfit.items() if self._config.schedules[name].job not in broken}

    def runnable(self) -> list[str]:
        """The jobs that this node may claim runs of."""
        return [name for name in self._config.jobs if name in self.loaded and self.disabled_reason(name) is None]

    async def take_over(self, journal: Iterable[Line] | None = None) -> None:
        """Make the rows in Postgres what the files say, and write these lines of the journal with them; without any,
        what is different since the last load, which was a daemon's before this one.

        Raises:
            StoreUnavailable: nothing has changed, or it is not known.
        """
        config, lacking = self._config, await self._missing_tables()
        now = written(config)
        me = Actor.program("jobd run", uid=os.geteuid(), pid=os.getpid())
        await self._store.jobs.load(
            config.daemon.name,
            config.jobs.values(),
            config.queues.values(),
            config.schedules.values(),
            disabled={**lacking, **self._broken},
            unfit=self._unfit,
            tzdata=version("tzdata"),
            redact=config.privacy.redact,
            now_loaded=now,
            journal=lambda known: load_lines(me, config.daemon.name, known, now) if journal is None else journal,
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
        """Look now and then at the code, and for tables that were missing: a job begins when they are there."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            await asyncio.to_thread(self.sources.look)
            try:
                lacking = await self._missing_tables()
                if lacking != self._lacking:
                    await self.take_over()
                    log.info("application tables checked again", extra={"disabled": sorted(lacking)})
            except StoreUnavailable:
                continue  # the other loops say so
