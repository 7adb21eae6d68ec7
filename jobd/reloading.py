"""A new configuration for a running daemon: checked as a whole, then taken over as a whole, or not at all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from jobd.config import Config, examine, taken
from jobd.config.differences import compared, taken_over
from jobd.config.edit import ScheduleTable, with_schedule
from jobd.config.journal import reload_lines, schedule_line
from jobd.errors import ConfigError, Conflict, JobdError, Problem
from jobd.fitting import Misfit
from jobd.loading import Loading
from jobd.model.change import Actor, Line
from jobd.model.privacy import Mask
from jobd.model.reload import ConfigChanges

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[ConfigChanges]]


class Reloading:
    """Takes over what the files say, one reload at a time; what runs is left alone.

    It works in a loop of the daemon's own, so that a caller who goes away leaves nothing half done.

    Functions are found again by name, but modules stay as they were imported: new code wants a restart.
    """

    def __init__(self, config: Config, loading: Loading, apply: Callable[[Config], Awaitable[None]]) -> None:
        self.started_with = config
        self.loaded = config
        """As the files said at the last load, of which some may wait for a restart."""
        self.working = config
        self._loading, self._apply = loading, apply
        self._asked: asyncio.Queue[tuple[Work, asyncio.Future[ConfigChanges]]] = asyncio.Queue()

    async def run(self) -> None:
        """Do what is asked, one after the other, until cancelled."""
        while True:
            work, answer = await self._asked.get()
            try:
                changes = await work()
            except JobdError as error:
                if not answer.done():
                    answer.set_exception(error)
            except Exception as error:  # ours, and it must not end the runs that go on under the old configuration
                log.exception("reload failed")
                if not answer.done():
                    answer.set_exception(_unforeseen(error))
            else:
                if not answer.done():
                    answer.set_result(changes)

    @property
    def restart_needed(self) -> tuple[str, ...]:
        """Keys that have changed since the start and hold only after a restart."""
        if self.loaded is self.started_with:
            return ()
        return compared(self.started_with, self.loaded).restart

    async def reload(self, who: Actor, *, dry_run: bool = False, reason: str | None = None) -> ConfigChanges:
        """What the files change, taken over unless `dry_run`; the journal then says that `who` did.

        Raises:
            ConfigError: the files cannot be used; the daemon goes on by the old ones.
            Conflict: it was not started from files.
            StoreUnavailable: nothing was taken over.
        """
        return await self._done(lambda: self._reload(who, dry_run=dry_run, reason=reason))

    async def write_schedule(
        self, name: str, table: ScheduleTable | None, who: Actor, *, new: bool, reason: str | None = None
    ) -> ConfigChanges:
        """Add (`new`), replace or, without a table, remove a schedule of jobd.d/schedules.toml, and reload.

        Raises:
            ConfigError: with it the files could not be used; nothing is written.
            Conflict: it stands in a file that people write, or is there already, or is not there.
        """
        return await self._done(lambda: self._write_schedule(name, table, who, new, reason))

    async def _done(self, work: Work) -> ConfigChanges:
        answer: asyncio.Future[ConfigChanges] = asyncio.get_running_loop().create_future()
        self._asked.put_nowait((work, answer))
        return await answer

    async def _write_schedule(
        self, name: str, table: ScheduleTable | None, who: Actor, new: bool, reason: str | None
    ) -> ConfigChanges:
        with with_schedule(self._main(), name, table, new=new) as written:
            mask = Mask(self.working.privacy.redact)
            line = schedule_line(who, name, written.replaced, table, mask, new=new, reason=reason)
            changes = await self._reload(who, line=line, reason=reason)
            written.keep()
        return changes

    async def _reload(
        self, who: Actor, *, dry_run: bool = False, line: Line | None = None, reason: str | None = None
    ) -> ConfigChanges:
        """`line` is of the one schedule that was written for this reload."""
        report = await asyncio.to_thread(examine, self._main())
        new = taken(report)
        candidate = self._loading.candidate(taken_over(self.started_with, new))
        await asyncio.to_thread(self._loading.sources.look)
        changes = compared(self.loaded, new, taken=not dry_run, code=self._loading.sources.changed)
        if report.merged is not None and (wrong := [one for one in candidate.misfits if _touches(changes, one)]):
            raise ConfigError([_with_code(misfit.placed(report.merged), changes.code) for misfit in wrong])
        if not dry_run:
            lines = reload_lines(who, self.loaded, new, changes, line, reason=reason)
            await self._loading.take(candidate, [*lines])
            self.loaded, self.working = new, candidate.config
            await self._apply(candidate.config)
            log.info("configuration reloaded", extra={"changes": changes.summary(), "restart": list(changes.restart)})
        return changes

    def _main(self) -> Path:
        if not self.started_with.files:
            raise Conflict("this daemon was not started from a file: there is nothing to reload")
        return self.started_with.files[0]


def _unforeseen(error: Exception) -> JobdError:
    return JobdError(f"{type(error).__name__}: {error}; jobd goes on as before, its log has the traceback")


def _with_code(problem: Problem, code: tuple[str, ...]) -> Problem:
    """A function that seems wrong may be right in a file that was changed since it was imported."""
    if not code:
        return problem
    told = f"{', '.join(code)} changed since it was imported: a restart reads it"
    return replace(problem, hint=f"{problem.hint}; {told}" if problem.hint else told)


def _touches(changes: ConfigChanges, misfit: Misfit) -> bool:
    """Whether it came with these changes; what was wrong before is told by a notice already."""
    jobs, schedules = changes.jobs, changes.schedules
    touched = {("jobs", name) for name in (*jobs.added, *jobs.changed)}
    touched |= {("schedules", name) for name in (*schedules.added, *schedules.changed)}
    return (misfit.kind, misfit.name) in touched or misfit.path[:2] in touched
