"""One node: from the moment it joins until it has left; read it downwards for the start, upwards for the stop.

Intake ends first, attempts drain, their endings are written, and the heartbeat outlives them all.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from jobd import __version__
from jobd.config import Config, known_secrets
from jobd.engine.attempt import end_in
from jobd.engine.children import Children
from jobd.engine.context import Services
from jobd.engine.hands import FLUSH_SECONDS, Hands
from jobd.engine.heartbeat import Heartbeat
from jobd.engine.home import Home
from jobd.engine.hunger import Hunger
from jobd.engine.loader import LoadedJob
from jobd.engine.loops import Pulse, running
from jobd.engine.rounds import Rounds
from jobd.engine.signals import Signals
from jobd.errors import StoreUnavailable
from jobd.model.due import Due
from jobd.model.health import shown_state
from jobd.model.privacy import Mask
from jobd.model.run import Ending, NewRun
from jobd.store.endings import Tallies
from jobd.store.listen import Announcer
from jobd.store.nodes import Identity
from jobd.store.store import Store

log = logging.getLogger(__name__)


class Node:
    """A boot of the daemon while it holds a lease. Attributes are for its duties and for `jobctl status`."""

    def __init__(
        self,
        *,
        config: Config,
        store: Store,
        home: Home,
        jobs: Mapping[str, LoadedJob],
        runnable: Callable[[], Sequence[str]],
        pulse: Pulse,
        announcer: Announcer,
        enqueue: Callable[[NewRun], Any],
        ended: Callable[[Sequence[Ending]], None],
        former: Sequence[int] = (),
        hurry: asyncio.Event,
        adopted: bool = True,
        desired: str = "running",
        counted: Callable[[Tallies], None] = lambda tallies: None,
    ) -> None:
        """In a database that is not `adopted` nothing new begins, and what is old stays as it is."""
        self.config, self.store, self.home, self.pulse, self.announcer = config, store, home, pulse, announcer
        self.former, self.hurry, self.adopted, self.desired = former, hurry, adopted, desired
        self.intake = adopted and config.daemon.enabled
        self.runnable = runnable
        self.lost = asyncio.Event()
        self.mail_changed = asyncio.Event()
        self.children = Children(home.children)
        self.heartbeat = Heartbeat(store.database.url, self._identity(), self.lose)
        self.services = Services(
            db=store.job_db,
            settings=config.settings,
            node=0,
            mail=self._mail,
            enqueue=enqueue,
            children=self.children,
            end_in=end_in,
            mask=Mask(config.privacy.redact),
            secrets=known_secrets(config),
        )
        self.hunger = Hunger(list(config.queues.values()), jobs)
        self.signals = signals = Signals(
            config, store, hunger=self.hunger, announcer=announcer, ended=ended, obey=self._obey
        )
        self.hands = hands = Hands(
            config,
            runs=store.runs,
            services=self.services,
            jobs=jobs,
            runnable=runnable,
            hunger=self.hunger,
            pulse=pulse,
            recorded=signals.recorded,
            counted=counted,
        )
        self.rounds = Rounds(self)
        # What the daemon asks of a node has these names, with no call in between.
        self.look, self.queued, self.heard, self.cancel = signals.look, signals.queued, signals.heard, hands.cancel
        self.recorder, self.workers, self.dispatcher = hands.recorder, hands.workers, hands.dispatcher

    @property
    def id(self) -> int:
        return self.services.node

    def _identity(self) -> Identity:
        daemon = self.config.daemon
        return Identity(
            name=daemon.name,
            host=socket.gethostname(),
            pid=os.getpid(),
            home=self.home.mark,
            version=__version__,
            workers=daemon.workers,
            lease=daemon.lease,
            direct=self.config.database.notify,
            desired=self.desired,
        )

    def lose(self) -> None:
        """The lease is gone, or cannot be trusted any more: what runs here is ended at once, whatever else still waits
        for an answer of Postgres."""
        if not self.lost.is_set():
            self.hands.lose()
            self.lost.set()

    def _obey(self, due: Due) -> None:
        """Do what operators want of this node by the last look, and show that it does."""
        self.desired = due.desired
        self.hands.look(due)
        if not self.dispatcher.stopping:
            self.heartbeat.show(shown_state(due.desired, busy=bool(self.hands.busy or due.sending)))
        if self.rounds.undescribed():
            self.signals.wakes["describe"].set()

    async def configure(self, config: Config) -> None:
        """Go on by another configuration: queues, mail, gateway and grace are what it says; attempts are left alone."""
        mail_changed = config.mail != self.config.mail
        self.config = config
        self.services.settings = config.settings
        self.services.secrets |= known_secrets(config)  # attempts under way have the old ones
        await self.hands.configure(config)
        self.look.serve(list(config.queues))
        if mail_changed:
            self.mail_changed.set()

    async def _mail(self, tx: Any, **message: Any) -> int | None:
        return await self.store.outbox.add(tx, sender=self.config.mail.sender, **message)

    # Its life

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Join, work for the length of the block, and leave nothing behind."""
        async with self._joined(), self._duties(), self._drained(), self._intake():
            yield

    @asynccontextmanager
    async def _joined(self) -> AsyncIterator[None]:
        nodes = self.store.nodes
        self.services.node = node = await self.heartbeat.start()
        self.dispatcher.claims.node = self.look.node = node
        try:
            self.children.kill_survivors()
            for earlier_self in self.former:
                await nodes.leave(earlier_self)
            if earlier := await nodes.succeed(self.home.mark, node):
                log.warning("earlier boot did not say goodbye", extra={"nodes": earlier})
            await self.rounds.rescue()
            log.info("node joined", extra={"node": node})
            yield
        finally:
            await self.heartbeat.stop()
            if not self.lost.is_set():
                await self._leave(node)

    async def _leave(self, node: int) -> None:
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self.store.nodes.leave(node)
        except (StoreUnavailable, TimeoutError):
            log.warning("no goodbye, Postgres is away: the lease will end by itself", extra={"node": node})
        else:
            log.info("node left", extra={"node": node})

    @asynccontextmanager
    async def _duties(self) -> AsyncIterator[None]:
        watch = self.store.nodes.watch()
        try:
            async with running(self.recorder.run(), *self.rounds.duties(watch)):
                yield
        finally:
            await watch.close()
            await self.recorder.close()
            await self.services.close()

    @asynccontextmanager
    async def _drained(self) -> AsyncIterator[None]:
        """On leaving: attempts end within the grace time, and everything is written down or given back."""
        try:
            yield
        finally:
            if self.lost.is_set():
                await self.hands.drop(self.hurry)
            else:
                self.heartbeat.state = "stopping"
                await self.hands.drain(self.config.daemon.grace.total_seconds(), self.hurry)

    @asynccontextmanager
    async def _intake(self) -> AsyncIterator[None]:
        if not self.intake:
            yield
            return
        async with self.dispatcher.dispatching(), running(*self.rounds.intake()):
            yield
