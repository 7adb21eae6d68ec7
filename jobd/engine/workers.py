"""Room for attempts: starts them, ends them, and when the block is left drains them within the grace time."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import math
import time
from collections.abc import Callable, Mapping

from jobd.engine.attempt import attempt
from jobd.engine.context import AttemptContext, Services, Stop
from jobd.engine.loader import LoadedJob
from jobd.model.run import Claimed, Ending, Outcome

log = logging.getLogger(__name__)

# A success that took less is no line of the log: its facts are stored with the run.
QUIET_SECONDS = 1.0
CANCEL_AGAIN_SECONDS = 5.0
STUCK_SECONDS = 30.0
SWEPT_SECONDS = 5.0
"""Timeouts from here on are exact to a quarter of a second."""


class Workers:
    """The attempts under way on this node, by run id."""

    def __init__(
        self,
        services: Services,
        jobs: Mapping[str, LoadedJob],
        record: Callable[[Ending], None],
        ended: Callable[[AttemptContext, float], None],
    ) -> None:
        self.under_way: dict[int, AttemptContext] = {}
        self.services = services
        self._jobs = jobs
        self._record = record
        self._ended = ended
        self._idle = asyncio.Event()
        self._idle.set()
        # Each attempt begins with the context variables of this moment: what one job binds, the next must not see.
        self._variables = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        self._create, self._later = loop.create_task, loop.call_later

    def start(self, run: Claimed, loaded: LoadedJob, claimed: float, charged: float, announced: bool) -> None:
        """Begin an attempt; `ended(attempt, seconds)` is called when its worker is free again."""
        context = AttemptContext(run, self.services, claimed, charged, announced)
        if not self.under_way:
            self._idle.clear()
        self.under_way[run.id] = context
        context.task = self._create(self._work(context, loaded), context=self._variables.copy())

    async def _work(self, context: AttemptContext, loaded: LoadedJob) -> None:
        seconds = loaded.timeout_seconds
        if seconds is None or seconds >= SWEPT_SECONDS:
            ending = await attempt(loaded, context)  # `end_late` looks after it
        else:
            timer = self._later(seconds, context.stop, Stop.TIMEOUT)
            ending = await attempt(loaded, context)
            timer.cancel()
        del self.under_way[context.run.id]
        if context.why is not Stop.LOST:
            self._record(ending)
        if (not ending.plain and ending.outcome is not Outcome.SUCCEEDED) or ending.took > QUIET_SECONDS:
            report(ending)
        if not self.under_way:
            self._idle.set()
        self._ended(context, ending.took)

    def end_late(self, now: float) -> None:
        """End attempts that are past their time. Called several times a second: a timer for every run would cost more
        than everything else that starting one takes, and is set only where its precision matters."""
        for context in list(self.under_way.values()):
            seconds = self._jobs[context.run.job].timeout_seconds
            if seconds is not None and now - context.started >= seconds and context.why is None:
                context.stop(Stop.TIMEOUT)

    def stop(self, run: int, why: Stop) -> bool:
        """End the attempt of this run; False when it is not under way here."""
        context = self.under_way.get(run)
        if context is None:
            return False
        context.stop(why)
        return True

    def stop_all(self, why: Stop) -> None:
        for context in list(self.under_way.values()):
            context.stop(why)

    async def drain(self, grace: float, hurry: asyncio.Event) -> None:
        """Wait until all attempts have ended: `grace` seconds (or until `hurry`) by themselves, then cancelled."""
        if self.under_way:
            log.info("waiting for running attempts", extra={"attempts": len(self.under_way), "seconds": grace})
        await first_of(self._idle, hurry, grace)
        while self.under_way:
            log.warning("cancelling attempts", extra={"runs": sorted(self.under_way)[:20]})
            self.stop_all(Stop.SHUTDOWN)
            await first_of(self._idle, asyncio.Event(), CANCEL_AGAIN_SECONDS)
            if self.under_way:
                log.error("attempts ignore their cancellation", extra={"runs": sorted(self.under_way)[:20]})
                return

    def stuck(self) -> list[AttemptContext]:
        """Attempts that were told to end long ago and go on."""
        before = time.monotonic() - STUCK_SECONDS
        return [c for c in self.under_way.values() if c.stopped_at is not None and c.stopped_at < before]

    def started_since(self, seconds: float) -> list[AttemptContext]:
        """Attempts that run longer than `seconds` and are not yet shown as running."""
        before = time.monotonic() - seconds
        return [c for c in self.under_way.values() if not c.announced and c.started < before]


async def first_of(one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    """Return when either event is set or the time is over."""
    waits = [asyncio.ensure_future(event.wait()) for event in (one, other)]  # noqa: TID251 - owned right here
    try:
        await asyncio.wait(waits, timeout=None if seconds == math.inf else seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def report(ending: Ending) -> None:
    """The log line of an ending."""
    facts = {
        "run": ending.run.id,
        "job": ending.run.job,
        "attempt": ending.run.attempt,
        "outcome": ending.outcome.value,
        "seconds": round(ending.took, 3),
    }
    if ending.items:
        facts |= {"done": ending.items.done, "skipped": ending.items.skipped, "failed": ending.items.failed}
    if ending.error:
        facts["error"] = ending.error
    if ending.again and ending.outcome is not Outcome.INTERRUPTED:
        log.warning("attempt failed, the run is tried again", extra={**facts, "in_seconds": ending.again_in})
    elif ending.outcome in (Outcome.FAILED, Outcome.TIMED_OUT):
        log.error("run failed", extra=facts)
    else:
        log.info("run ended" if not ending.again else "run handed back", extra=facts)
