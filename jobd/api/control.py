"""What the API asks of the daemon: the only way from a handler to something that changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from jobd.api.feed import Feed
from jobd.api.operations import Operations
from jobd.model.arguments import Parameters
from jobd.model.change import Actor
from jobd.model.finding import Finding
from jobd.model.health import Health
from jobd.model.job import Job
from jobd.model.queue import Queue
from jobd.model.reload import ConfigChanges
from jobd.model.run import NewRun
from jobd.model.settings import DashboardSettings
from jobd.store.endings import Tallies
from jobd.store.views import Views


class Control(Protocol):
    """One daemon as its API sees it. Every method may raise StoreUnavailable."""

    @property
    def views(self) -> Views: ...

    @property
    def jobs(self) -> Mapping[str, Job]:
        """The jobs that this node knows, by name."""

    @property
    def queues(self) -> Mapping[str, Queue]: ...

    def parameters(self, job: str) -> Parameters:
        """What the job's function takes; `OPEN` for commands and for what could not be loaded."""

    @property
    def operations(self) -> Operations:
        """Everything that changes what is there already."""

    @property
    def feed(self) -> Feed:
        """What happens here and elsewhere, as it happens."""

    @property
    def dashboard(self) -> DashboardSettings: ...

    @property
    def pooler(self) -> bool | None:
        """True when notifications do not get through, as behind a transaction pooler; None where none is awaited."""

    @property
    def tallies(self) -> Tallies:
        """(job, queue) → what this process has seen end since it began."""

    def health(self) -> Health: ...

    def settings(self) -> Sequence[tuple[str, str, str]]:
        """Key, value and origin of every setting; secrets are masked."""

    async def enqueue(self, new: NewRun) -> tuple[int, bool]:
        """Add one run; (its id, whether it is new: an idempotency key may have one already).

        Raises:
            UnknownJob: Postgres does not know the job.
            ArgumentsRefused: the arguments cannot be stored.
            Conflict: the job takes no runs now; the message says why.
        """

    async def enqueue_many(self, new: Sequence[NewRun]) -> list[int]:
        """Add many runs, all or none but for those with a key; their ids in the order given.

        Raises as `enqueue` does.
        """

    async def reload(self, who: Actor, *, dry_run: bool, reason: str | None = None) -> ConfigChanges:
        """What the configuration files change, taken over and journalled unless `dry_run`.

        Raises:
            ConfigError: they cannot be used; the daemon goes on by what it has.
            Conflict: it was not started from a file, or is paused on a copy of its database.
        """

    async def write_schedule(
        self, name: str, table: Mapping[str, Any] | None, who: Actor, *, new: bool, reason: str | None = None
    ) -> ConfigChanges:
        """Add, replace or (without a table) remove a schedule in jobd.d/schedules.toml, and reload; journalled.

        Raises:
            ConfigError: with it the configuration could not be used; nothing was written.
            Conflict: it stands in another file, or is there already.
            NotFound: it is not there.
        """

    async def doctor(self) -> list[Finding]:
        """Database, clock, disk, mail and gateway, each tried once."""

    async def until_ended(self, run_id: int, seconds: float) -> None:
        """Returns when the run has ended, or after `seconds`; many may wait (see `endings.py`)."""
