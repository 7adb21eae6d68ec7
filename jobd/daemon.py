"""The life of the daemon: what is opened first is closed last, and nothing outlives its block."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from jobd import logs, systemd
from jobd.api.bearers import Bearers
from jobd.api.people import People
from jobd.api.server import control_socket
from jobd.api.tcp import check_free, tcp_site
from jobd.config import Config, known_secrets
from jobd.control import NodeControl
from jobd.engine.enqueue import Enqueuer
from jobd.engine.home import Home, at_home
from jobd.engine.loops import Patience, Pulse, patiently, running
from jobd.engine.node import Node
from jobd.engine.workers import first_of
from jobd.errors import JobdError, StoreUnavailable
from jobd.loading import Loading
from jobd.model.change import SIGNAL
from jobd.model.settings import Environment
from jobd.notices import paused_by
from jobd.reloading import Reloading
from jobd.stop import Stop
from jobd.store.database import close, connect
from jobd.store.embedded import embedded_postgres
from jobd.store.listen import CONTROL, QUEUE, Announcer, Listener
from jobd.store.migrate import migrate
from jobd.store.store import Store, open_store

log = logging.getLogger(__name__)

ANSWER = timedelta(seconds=5)


async def serve(config: Config, stop: Stop, *, demo: bool = False) -> None:
    """Run until `stop`; returns when everything is finished or handed back.

    Raises:
        JobdError: it cannot run here at all; an absent database is waited for.
    """
    with at_home(config.daemon.state_directory) as home:
        await check_free(config.api)  # before a Postgres is made for it
        async with database_url(config, demo=demo) as url:
            while await reachable(url, stop):
                try:
                    await on_database(url, config, home, stop)
                except StoreUnavailable as error:  # it went away again before there was a daemon that can wait
                    log.warning("Postgres is away", extra={"error": str(error)})
                else:
                    return


async def on_database(url: str, config: Config, home: Home, stop: Stop) -> None:
    """Bring the schema up to date and run on it until `stop`."""
    for name in await migrate(url):
        log.info("migration applied", extra={"migration": name})
    async with open_store(url, config.database, config.app, redact=config.privacy.redact) as store:
        await Daemon(config, store, home, stop).run()


@asynccontextmanager
async def database_url(config: Config, *, demo: bool = False) -> AsyncIterator[str]:
    """The configured database, or jobd's own Postgres for the length of the block."""
    if config.database.url is not None:
        yield config.database.url
        return
    async with embedded_postgres(config.database.embedded, config.daemon.state_directory, demo=demo) as postgres:
        log.info("embedded Postgres runs", extra={"version": postgres.version, "data": str(postgres.data)})
        yield postgres.url


async def reachable(url: str, stop: Stop) -> bool:
    """Wait until Postgres answers; False when the operator gave up first. Its absence is no reason to exit."""
    patience = Patience("start")
    while not stop.asked.is_set():
        try:
            await close(await connect(url, application="jobd start", statement_timeout=ANSWER))
        except StoreUnavailable as error:
            systemd.status(f"waiting for Postgres: {error}")
            await patience.failure(error)
        else:
            patience.success()
            return True
    return False


class Daemon:
    """One process on one open store; it is one node after another when leases are lost."""

    def __init__(self, config: Config, store: Store, home: Home, stop: Stop) -> None:
        self._config, self._store, self._home, self._stop = config, store, home, stop
        self._pulse = Pulse()
        self._former: list[int] = []
        """Nodes that this process was and whose lease it lost: they stopped their runs themselves, nothing crashed."""
        self._loading = Loading(config, store)
        self._reloading = Reloading(config, self._loading, self._apply)
        self._desired = "running"
        """What operators want of the node that this process is; a new lease does not undo it."""
        self._announcer = Announcer(store.database)
        self._listener = (
            Listener(store.database, self._heard, self._look_again) if config.database.notify else None
        )
        self._enqueuer = Enqueuer(store.runs, config.jobs, self._queued)
        self._control = NodeControl(
            config=config,
            store=store,
            loading=self._loading,
            enqueuer=self._enqueuer,
            announcer=self._announcer,
            listener=self._listener,
            pulse=self._pulse,
            reloading=self._reloading,
        )

    async def run(self) -> None:
        """Serve the socket and live as a node, until stopped."""
        environment = self._config.daemon.environment
        if mismatch := (await self._store.jobs.copy(environment)).mismatch(environment):
            self._control.paused = paused_by(mismatch, self._config)
            self._control.operations.on_a_copy()
            log.error("paused", extra={"reason": self._control.paused})
        else:
            # a copy's rows are left alone: they may belong to whoever works on it
            await self._loading.take_over()
            while not await self._store.retention.make_partitions():
                await asyncio.sleep(0.2)  # an ending without a partition for its day could not be written
        loops = [
            self._enqueuer.run(),
            self._control.endings.look(),
            self._reloading.run(),
            self._control.watching.look(),
            patiently("bulk", self._pulse, self._control.operations.work, limit=120),
            patiently("announce", self._pulse, self._announcer.round, self._announcer.wake),
            systemd.watchdog(self._pulse),
        ]
        if self._control.paused is None:
            loops += [self._loading.recheck(), self._reload_when_asked()]
        if self._listener is not None:
            loops.append(patiently("listen", self._pulse, self._listener.round, limit=math.inf))
        # What is loaded by now stays; young garbage of thousands of runs a second is looked at less often.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        async with self._served(), running(*loops):
            while not self._stop.asked.is_set():
                await self._live()
            self._control.endings.close()
        log.info("stopped")

    @asynccontextmanager
    async def _served(self) -> AsyncIterator[None]:
        """The API on its socket, and on TCP where that is configured."""
        config = self._config
        people = People(config.control, others_may_look=config.daemon.environment is Environment.DEVELOPMENT)
        tokens = Bearers(self._store.tokens.valid)
        async with (
            control_socket(config.daemon.socket, self._control, role_of=people.role, tokens=tokens),
            tcp_site(config.api, self._control, tokens),
        ):
            yield

    async def _live(self) -> None:
        """One node's life: until the operator stops the daemon, or the lease is lost and it joins anew."""
        node = Node(
            config=self._config,
            store=self._store,
            home=self._home,
            jobs=self._loading.loaded,
            runnable=self._loading.runnable,
            pulse=self._pulse,
            announcer=self._announcer,
            enqueue=self._enqueuer.enqueue,
            ended=self._control.recorded,
            counted=self._control.counted,
            former=self._former,
            hurry=self._stop.hurry,
            adopted=self._control.paused is None,
            desired=self._desired,
        )
        try:
            async with node.alive():
                self._control.node = node
                self._ready()  # not before: who waited for `systemctl start` may count on jobd
                await first_of(self._stop.asked, node.lost, math.inf)
                if self._stop.asked.is_set():
                    self._control.stopping = True
                    systemd.stopping(self._config.daemon.grace.total_seconds())
        except StoreUnavailable as error:
            log.warning("this node waits for Postgres", extra={"error": str(error)})
            systemd.status(f"waiting for Postgres: {error}")
            await first_of(self._stop.asked, asyncio.Event(), 1.0)
        finally:
            self._control.node = None
            self._desired = node.desired
            if node.lost.is_set():
                self._former.append(node.id)

    async def _reload_when_asked(self) -> None:
        """SIGHUP → a reload; one that is refused is told to the log, and the daemon goes on as before."""
        while True:
            await self._stop.reload.wait()
            self._stop.reload.clear()
            systemd.reloading()
            try:
                await self._reloading.reload(SIGNAL)
            except JobdError as error:
                log.error("configuration not reloaded", extra={"error": str(error)})
            self._ready()

    def _ready(self) -> None:
        systemd.ready(f"{self._config.daemon.name}: {len(self._loading.runnable())} jobs")

    async def _apply(self, config: Config) -> None:
        """Everything here works by `config` from now on; Postgres has it already."""
        logs.keep_from((known_secrets(self._config) | known_secrets(config)).without)  # what runs has the old ones
        self._config = config
        self._enqueuer.jobs = config.jobs
        self._control.configure(config)
        if self._control.node is not None:
            await self._control.node.configure(config)
        self._announcer.say("changed")

    def _queued(self, queue: str) -> None:
        if self._control.node is not None:
            self._control.node.queued(queue)

    def _heard(self, channel: str, payload: str) -> None:
        if self._control.node is None:
            return
        if channel == QUEUE:
            self._control.node.heard(payload)
        elif channel == CONTROL:
            self._control.node.look.soon()

    def _look_again(self) -> None:
        """The listening connection is new: whatever was said meanwhile was not heard."""
        self._heard(CONTROL, "")
