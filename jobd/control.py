"""What the API may ask of this daemon; satisfies `jobd.api.control.Control`."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from jobd import __version__
from jobd.api.endings import Endings
from jobd.api.feed import Feed
from jobd.api.telling import tell
from jobd.api.watching import Watching
from jobd.config import Config, show
from jobd.config.configuration import Shown
from jobd.doctor import examine
from jobd.engine.enqueue import Enqueuer
from jobd.engine.loops import Pulse
from jobd.engine.node import Node
from jobd.engine.operations import Operations
from jobd.errors import Conflict
from jobd.loading import Loading
from jobd.model.arguments import OPEN, Parameters
from jobd.model.change import Actor
from jobd.model.finding import Finding
from jobd.model.health import Health
from jobd.model.job import Job
from jobd.model.queue import Queue
from jobd.model.reload import ConfigChanges
from jobd.model.run import Ending, NewRun
from jobd.model.settings import DashboardSettings
from jobd.model.storable import storable
from jobd.notices import notices
from jobd.reloading import Reloading
from jobd.store.endings import Tallies, merge
from jobd.store.listen import Announcer, Listener
from jobd.store.store import Store
from jobd.store.views import Views


class NodeControl:
    """One daemon, as its API sees it."""

    def __init__(
        self,
        *,
        config: Config,
        store: Store,
        loading: Loading,
        enqueuer: Enqueuer,
        announcer: Announcer,
        listener: Listener | None,
        pulse: Pulse,
        reloading: Reloading,
    ) -> None:
        self._reloading = reloading
        self._config, self._store, self._loading = config, store, loading
        self._enqueuer, self._announcer, self._listener, self._pulse = enqueuer, announcer, listener, pulse
        self._endings = Endings(store.views.runs)
        self.operations = Operations(
            store.changes,
            store.bulks,
            store.tokens,
            self,
            name=f"{config.daemon.name} {socket.gethostname()} {os.getpid()}",
        )
        self.feed = Feed()
        self.watching = Watching(self.feed, store.views, self._own)
        self.tallies: Tallies = {}
        self._started_at = datetime.now(UTC)
        self.node: Node | None = None
        """The node that this daemon is now; None while it has no lease."""
        self.stopping = False
        self.paused: str | None = None
        """Why nothing fires or runs, when this is another copy of the database than the one jobd worked on."""

    @property
    def views(self) -> Views:
        return self._store.views

    @property
    def jobs(self) -> Mapping[str, Job]:
        return self._config.jobs

    @property
    def queues(self) -> Mapping[str, Queue]:
        return self._config.queues

    @property
    def dashboard(self) -> DashboardSettings:
        return self._config.dashboard

    @property
    def pooler(self) -> bool | None:
        return None if self._listener is None else self._listener.pooled

    def parameters(self, job: str) -> Parameters:
        loaded = self._loading.loaded.get(job)
        return Parameters.of(loaded.function) if loaded is not None and loaded.function is not None else OPEN

    async def enqueue(self, new: NewRun) -> tuple[int, bool]:
        storable(new.args)
        self._check_enabled(new.job)
        job = self._config.jobs.get(new.job)
        if new.key is not None or (job is not None and job.unique is not None):
            return await self._enqueuer.enqueue_keyed(new)
        return await self._enqueuer.enqueue(new), True

    async def enqueue_many(self, new: Sequence[NewRun]) -> list[int]:
        for job in {run.job for run in new}:
            self._check_enabled(job)
        return await self._enqueuer.enqueue_many(new)

    def _check_enabled(self, job: str) -> None:
        if (reason := self._loading.disabled_reason(job)) is not None:
            raise Conflict(f'job "{job}" is disabled: {reason}')

    # What others hear of a change

    def changed(self) -> None:
        """A queue, a schedule or a node is not what it was: look again, here and elsewhere."""
        self._announcer.say("changed")
        if self.node is not None:
            self.node.look.soon()

    def queued(self, queue: str) -> None:
        """Runs came to this queue by an operator's hand."""
        if self.node is not None:
            self.node.queued(queue)

    def stop(self, run: int | None, node: int) -> None:
        """The end of this run, or of several, was asked of that node."""
        if self.node is None or node != self.node.id:
            self._announcer.say(f"cancel {node}")
        elif run is not None:
            self.node.cancel(run)
        else:
            self.node.look.soon()

    def counted(self, tallies: Tallies) -> None:
        """Attempts of this process have ended and are written down."""
        self.tallies = merge(self.tallies, tallies)

    async def reload(self, who: Actor, *, dry_run: bool, reason: str | None = None) -> ConfigChanges:
        self._refuse_on_a_copy()
        return await self._reloading.reload(who, dry_run=dry_run, reason=reason)

    async def write_schedule(
        self, name: str, table: Mapping[str, Any] | None, who: Actor, *, new: bool, reason: str | None = None
    ) -> ConfigChanges:
        self._refuse_on_a_copy()
        return await self._reloading.write_schedule(name, table, who, new=new, reason=reason)

    async def doctor(self) -> list[Finding]:
        return await examine(self._config, self._store.database.url)

    def _refuse_on_a_copy(self) -> None:
        if self.paused is not None:  # the rows may belong to whoever works on them
            raise Conflict(self.paused)

    def configure(self, config: Config) -> None:
        """Answer by this configuration from now on."""
        self._config = config

    @property
    def endings(self) -> Endings:
        """Who waits for what; its loop wants to be run."""
        return self._endings

    async def until_ended(self, run_id: int, seconds: float) -> None:
        await self._endings.until_ended(run_id, seconds)

    def ended(self, run_ids: Iterable[int]) -> None:
        """These runs are over: whoever waits for them hears it."""
        self._endings.announce(run_ids)

    def recorded(self, endings: Sequence[Ending]) -> None:
        """Attempts of this node are written down."""
        if self._endings.waited_for:
            self._endings.announce(ending.run.id for ending in endings if not ending.again)
        if self.feed.wanted:
            tell(self.feed, endings)

    def _own(self) -> Collection[int]:
        return () if self.node is None else (self.node.id,)

    def settings(self) -> Sequence[Shown]:
        return show(self._config)

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
            state="stopping" if self.stopping else node.heartbeat.state if node is not None else "running",
            workers=daemon.workers,
            busy=len(node.workers.under_way) if node is not None else 0,
            trusted_seconds=beat.trusted_seconds if beat is not None else None,
            database=described(self._config),
            loops=self._pulse.ages(),
            notices=tuple(
                notices(
                    self._config,
                    node,
                    paused=self.paused,
                    stopping=self.stopping,
                    pulse=self._pulse,
                    listener=self._listener,
                    unable=self._loading.unable(),
                    unfit=self._loading.unfit(),
                    code_changed=self._loading.sources.changed,
                    restart_needed=self._reloading.restart_needed,
                )
            ),
        )


def described(config: Config) -> str:
    """The database without any secret."""
    if config.database.url is None:
        return "embedded"
    parts = urlsplit(config.database.url)
    return f"{parts.hostname or 'local'}{f':{parts.port}' if parts.port else ''}{parts.path}"
