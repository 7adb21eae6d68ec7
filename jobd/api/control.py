"""What the API asks of the daemon: the only way from a handler to something that changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from jobd.model.arguments import Parameters
from jobd.model.health import Health
from jobd.model.job import Job
from jobd.model.queue import Queue
from jobd.model.run import NewRun, RunState
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

    def health(self) -> Health: ...

    async def enqueue(self, new: NewRun) -> tuple[int, bool]:
        """Add one run; (its id, whether it is new: an idempotency key may have one already).

        Raises:
            UnknownJob: Postgres does not know the job.
            ArgumentsRefused: the arguments cannot be stored.
            Conflict: the job takes no runs now; the message says why.
        """

    async def cancel(self, run_id: int, reason: str) -> RunState:
        """Ask for a run's end: CANCELLED when it ended at once, RUNNING when its node was asked.

        Raises:
            NotFound: it is not among the live runs.
        """

    async def retry(self, run_id: int, source: str) -> int:
        """Start an ended run again as a new one; the new one's id.

        Raises:
            NotFound: it is not among the ended runs, or its job is gone.
        """

    async def until_ended(self, run_id: int, seconds: float) -> None:
        """Returns when the run has ended, or after `seconds`; many may wait (see `endings.py`)."""
