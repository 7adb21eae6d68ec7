"""What a node has in its hands: runs claimed ahead, attempts under way, endings not yet written. None is dropped: what
cannot start goes back, what runs may finish within the grace time, and what has ended is written down."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from jobd.config import Config
from jobd.engine.context import AttemptContext, Services, Stop
from jobd.engine.dispatch import UNSTARTED_SECONDS, Dispatcher
from jobd.engine.hunger import Hunger
from jobd.engine.loader import LoadedJob
from jobd.engine.loops import Pulse
from jobd.engine.recorder import Recorder
from jobd.engine.workers import Workers
from jobd.errors import StoreUnavailable
from jobd.model.due import Due
from jobd.model.run import Claimed, Ending, Outcome
from jobd.store.endings import Tallies
from jobd.store.runs import Runs

log = logging.getLogger(__name__)

FLUSH_SECONDS = 10.0


class Hands:
    """One node's."""

    def __init__(
        self,
        config: Config,
        *,
        runs: Runs,
        services: Services,
        jobs: Mapping[str, LoadedJob],
        runnable: Callable[[], Sequence[str]],
        hunger: Hunger,
        pulse: Pulse,
        recorded: Callable[[Sequence[Ending]], None],
        counted: Callable[[Tallies], None],
    ) -> None:
        self._runs = runs
        self._services = services
        self.recorder = Recorder(runs.endings(), pulse, recorded, keyed=_some_unique(config), counted=counted)
        self.workers = Workers(services, jobs, self.recorder.add, self._attempt_ended)
        self.dispatcher = Dispatcher(
            runs=runs,
            jobs=jobs,
            runnable=runnable,
            queues=list(config.queues.values()),
            hunger=hunger,
            workers=self.workers,
            limit=config.daemon.workers,
            pulse=pulse,
        )

    def _attempt_ended(self, attempt: AttemptContext, took: float) -> None:
        self.dispatcher.ended(attempt, took)

    @property
    def busy(self) -> bool:
        """Something runs, or its end is not yet written down."""
        return bool(self.workers.under_way or self.recorder.backlog)

    def held(self) -> list[int]:
        """All runs that are here, whatever became of them."""
        return [*self.workers.under_way, *self.dispatcher.buffers.held(), *self.recorder.held()]

    def look(self, due: Due) -> None:
        """Let nothing new begin where operators want none: what was claimed ahead goes back, what runs goes on."""
        self.dispatcher.look(due)
        if held := self.dispatcher.held_up():
            self.give_back(older=0.0, queues=held)

    async def configure(self, config: Config) -> None:
        """Serve the queues of `config` from now on."""
        # once true it stays so: runs that were unique when they were added may still be here
        self.recorder.keyed |= _some_unique(config)
        self.hand_on(await self.dispatcher.configure(list(config.queues.values())))

    def cancel(self, run: int) -> None:
        """Somebody asked for the end of this run here: its attempt is stopped, or will never start."""
        if not self.workers.stop(run, Stop.CANCEL):
            self.hand_on(self.dispatcher.buffers.withdraw(run))  # goes back, which ends it

    def give_back(self, older: float = UNSTARTED_SECONDS, queues: Collection[str] | None = None) -> None:
        """Send claimed runs that have not started back to their queues; which ones, see `Dispatcher.unstarted`."""
        self.hand_on(self.dispatcher.unstarted(older, queues))

    def hand_on(self, runs: Iterable[Claimed]) -> None:
        """These claimed runs, which have not started, go back to their queues; it costs them nothing."""
        now = time.monotonic()
        for run in runs:
            ending = Ending(run, self._services.node, Outcome.INTERRUPTED, now, 0.0, 0.0)
            ending.again = True
            self.recorder.add(ending)

    # The end

    def lose(self) -> None:
        """The lease is gone: end what runs at once, and start nothing more."""
        self.dispatcher.stopping = True
        self.workers.stop_all(Stop.LOST)

    async def drop(self, hurry: asyncio.Event) -> None:
        """End all attempts, whose lease is gone, and wait until they have ended."""
        runs = sorted(self.workers.under_way)[:20]
        log.error("lease lost, ending all attempts", extra={"node": self._services.node, "runs": runs})
        self.workers.stop_all(Stop.LOST)
        await self.workers.drain(0, hurry)

    async def drain(self, grace: float, hurry: asyncio.Event) -> None:
        """Let attempts end within `grace` seconds, until `hurry`; everything is written down or given back."""
        self.give_back(older=0.0)
        await self.workers.drain(grace, hurry)
        if not await self.recorder.flushed(FLUSH_SECONDS):
            log.error("endings could not be written", extra={"endings": self.recorder.backlog})
        await self._hand_back_rest()

    async def _hand_back_rest(self) -> None:
        """Give back what still carries this node's id; when Postgres is away, the rescue will."""
        node = self._services.node
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._runs.hand_back_unheld(node, self.recorder.held(), timedelta(0))
        except (StoreUnavailable, TimeoutError):
            log.warning("runs are left to the rescue, Postgres is away", extra={"node": node})


def _some_unique(config: Config) -> bool:
    return any(job.unique is not None for job in config.jobs.values())
