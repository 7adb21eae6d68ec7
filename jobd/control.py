"""What the API may ask of this daemon; satisfies `jobd.api.control.Control`."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from jobd import __version__
from jobd.api.endings import Endings
from jobd.config import Config, current_digest
from jobd.engine.context import Stop
from jobd.engine.enqueue import Enqueuer
from jobd.engine.loader import LoadedJob
from jobd.engine.loops import Pulse
from jobd.engine.node import Node
from jobd.errors import Conflict
from jobd.model.arguments import OPEN, Parameters
from jobd.model.health import Health, Level, Notice
from jobd.model.job import Job
from jobd.model.queue import Queue
from jobd.model.run import NewRun, RunState
from jobd.model.storable import storable
from jobd.store.listen import Announcer, Listener
from jobd.store.store import Store
from jobd.store.views import Views

SKEW_SECONDS = 2.0


class NodeControl:
    """One daemon, as its API sees it."""

    def __init__(
        self,
        *,
        config: Config,
        store: Store,
        loaded: Mapping[str, LoadedJob],
        disabled: Mapping[str, str],
        enqueuer: Enqueuer,
        announcer: Announcer,
        listener: Listener | None,
        pulse: Pulse,
        database: str,
        paused: str | None,
    ) -> None:
        self._config, self._store, self._enqueuer, self._announcer = config, store, enqueuer, announcer
        self._loaded, self._disabled, self._listener, self._pulse = loaded, disabled, listener, pulse
        self._database, self._paused = database, paused
        self._started_at = datetime.now(UTC)
        self.node: Node | None = None
        self.stopping = False
        self._endings = Endings(store.views.runs)

    @property
    def views(self) -> Views:
        return self._store.views

    @property
    def jobs(self) -> Mapping[str, Job]:
        return self._config.jobs

    @property
    def queues(self) -> Mapping[str, Queue]:
        return self._config.queues

    def parameters(self, job: str) -> Parameters:
        loaded = self._loaded.get(job)
        return Parameters.of(loaded.function) if loaded is not None and loaded.function is not None else OPEN

    def disabled_reason(self, job: str) -> str | None:
        """Why this job takes no runs now; None when it does."""
        if (reason := self._disabled.get(job)) is not None:
            return reason
        known = self._config.jobs.get(job)
        return f"in the configuration ({known.place})" if known is not None and not known.enabled else None

    def runnable(self) -> list[str]:
        """The jobs that this node may claim runs of."""
        return [name for name in self._loaded if self.disabled_reason(name) is None]

    async def enqueue(self, new: NewRun) -> tuple[int, bool]:
        storable(new.args)
        if (reason := self.disabled_reason(new.job)) is not None:
            raise Conflict(f'job "{new.job}" is disabled: {reason}')
        job = self._config.jobs.get(new.job)
        if new.key is not None or (job is not None and job.unique is not None):
            return await self._enqueuer.enqueue_keyed(new)
        return await self._enqueuer.enqueue(new), True

    async def enqueue_many(self, new: Sequence[NewRun]) -> list[int]:
        """Add many runs; their ids in the order given."""
        for run in new:
            storable(run.args)
        return await self._enqueuer.enqueue_many(new)

    async def cancel(self, run_id: int, reason: str) -> RunState:
        asked = await self._store.runs.request_cancel(run_id, reason)
        if not asked.running:
            self.ended([run_id])
            return RunState.CANCELLED
        if self.node is not None and asked.node == self.node.id:
            self.node.workers.stop(run_id, Stop.CANCEL)
        else:
            self._announcer.say(f"cancel {asked.node}")
        return RunState.RUNNING

    async def retry(self, run_id: int, source: str) -> int:
        run, queue = await self._store.runs.retry(run_id, source)
        if self.node is not None:
            self.node.queued(queue)
        return run

    @property
    def endings(self) -> Endings:
        """Who waits for what; its loop wants to be run."""
        return self._endings

    async def until_ended(self, run_id: int, seconds: float) -> None:
        await self._endings.until_ended(run_id, seconds)

    def ended(self, run_ids: Iterable[int]) -> None:
        """These runs are over: whoever waits for them hears it."""
        self._endings.announce(run_ids)

    def health(self) -> Health:
        daemon, node = self._config.daemon, self.node
        beat = node.heartbeat if node is not None else None
        return Health(
            name=daemon.name,
            version=__version__,
            environment=daemon.environment.value,
            host=socket.gethostname(),
            pid=os.getpid(),
            started_at=self._started_at,
            node=node.id if node is not None else None,
            state="stopping" if self.stopping else "running",
            workers=daemon.workers,
            busy=len(node.workers.under_way) if node is not None else 0,
            trusted_seconds=beat.trusted_seconds if beat is not None else None,
            database=self._database,
            loops=self._pulse.ages(),
            notices=tuple(self._notices()),
        )

    def _notices(self) -> Iterable[Notice]:
        config, node = self._config, self.node
        if self._paused is not None:
            yield Notice(level=Level.ERROR, code="paused", message=self._paused)
        if not config.daemon.enabled:
            yield Notice(level=Level.WARNING, code="disabled", message="[daemon] enabled = false: nothing fires, nothing runs")
        if node is None and not self.stopping:
            yield Notice(level=Level.ERROR, code="not_joined", message="this node has no lease: it waits for Postgres")
        if node is not None and abs(node.heartbeat.skew_seconds) > SKEW_SECONDS:
            skew = f"this machine's clock is {node.heartbeat.skew_seconds:+.1f} s off Postgres' clock; run a time service"
            yield Notice(level=Level.WARNING, code="clock_skew", message=skew)
        for loop in self._pulse.overdue():
            yield Notice(level=Level.ERROR, code="loop_stuck", message=f"the loop {loop} does not come round")
        if self._listener is not None and self._listener.pooled:
            text = "notifications do not arrive (a transaction pooler?): new runs are seen by polling"
            yield Notice(level=Level.WARNING, code="polling", message=text)
        if self._config.files and current_digest(self._config.files[0]) != self._config.digest:
            text = "the configuration has changed since it was loaded: systemctl restart jobd"
            yield Notice(level=Level.WARNING, code="config_changed", message=text)
        if not config.mail.enabled:
            text = "mail is disabled: messages are held in the outbox ([mail] enabled)"
            yield Notice(level=Level.INFO, code="mail_disabled", message=text)
        for job, reason in sorted(self._disabled.items()):
            yield Notice(level=Level.WARNING, code="job_disabled", message=f"job {job}: {reason}")
        for stuck in node.workers.stuck() if node is not None else ():
            text = f"run {stuck.run.id} ({stuck.run.job}) ignores its end; restart jobd to be rid of it"
            yield Notice(level=Level.WARNING, code="run_stuck", message=text)
