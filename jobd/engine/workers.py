"""Room for attempts: starts them, ends them, and when the block is left drains them within the grace time."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from jobd.engine.attempt import Stop, attempt
from jobd.engine.context import AttemptContext, Services
from jobd.engine.loader import LoadedJob
from jobd.model.run import Claimed, Ending, Outcome

log = logging.getLogger(__name__)

# A success that took less is no line of the log: its facts are stored with the run.
QUIET_SECONDS = 1.0
CANCEL_AGAIN_SECONDS = 5.0
STUCK_SECONDS = 30.0


@dataclass(slots=True, eq=False)
class Working:
    """One attempt that is under way."""

    run: Claimed
    context: AttemptContext
    task: asyncio.Task[None] | None = None
    why: list[Stop] = field(default_factory=list)
    stopped_at: float | None = None
    announced: bool = False
    """Shown as running in Postgres already."""

    def stop(self, why: Stop) -> None:
        """End it: the job is told, then its task is cancelled; the first reason counts."""
        self.why.append(why)
        self.stopped_at = self.stopped_at or time.monotonic()
        self.context.stop()
        if self.task is not None:
            self.task.cancel()


class Workers:
    """The attempts under way on this node, by run id."""

    def __init__(self, services: Services, record: Callable[[Ending], None]) -> None:
        self.under_way: dict[int, Working] = {}
        self.services = services
        self._record = record
        self._idle = asyncio.Event()
        self._idle.set()
        self._create = asyncio.get_running_loop().create_task

    def start(self, run: Claimed, loaded: LoadedJob, ended: Callable[[Claimed, float], None], announced: bool) -> None:
        """Begin an attempt; `ended(run, seconds)` is called when its worker is free again."""
        working = Working(run, AttemptContext(run, self.services, time.monotonic()), announced=announced)
        self.under_way[run.id] = working
        self._idle.clear()
        working.task = self._create(self._work(working, loaded, ended))

    async def _work(self, working: Working, loaded: LoadedJob, ended: Callable[[Claimed, float], None]) -> None:
        run = working.run
        ending = await attempt(loaded, working.context, working.why)
        del self.under_way[run.id]
        if Stop.LOST not in working.why:
            self._record(ending)
        if ending.outcome is not Outcome.SUCCEEDED or ending.took > QUIET_SECONDS:
            report(ending)
        if not self.under_way:
            self._idle.set()
        ended(run, ending.took)

    def stop(self, run: int, why: Stop) -> bool:
        """End the attempt of this run; False when it is not under way here."""
        working = self.under_way.get(run)
        if working is None or working.task is None:
            return False
        working.stop(why)
        return True

    def stop_all(self, why: Stop) -> None:
        for working in list(self.under_way.values()):
            working.stop(why)

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

    def stuck(self) -> list[Working]:
        """Attempts that were told to end long ago and go on."""
        before = time.monotonic() - STUCK_SECONDS
        return [w for w in self.under_way.values() if w.stopped_at is not None and w.stopped_at < before]

    def started_since(self, seconds: float) -> Iterable[Working]:
        """Attempts that run longer than `seconds` and are not yet shown as running."""
        before = time.monotonic() - seconds
        return [w for w in self.under_way.values() if not w.announced and w.context.started < before]


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
