"""The life of the daemon: what is opened first is closed last, and nothing outlives its block."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import version
from urllib.parse import urlsplit

from jobd import systemd
from jobd.api.server import control_socket
from jobd.config import Config
from jobd.control import NodeControl
from jobd.engine.enqueue import Enqueuer
from jobd.engine.home import Home, at_home
from jobd.engine.loader import LoadedJob, load_job
from jobd.engine.loops import Patience, Pulse, patiently, running
from jobd.engine.node import Node
from jobd.engine.workers import first_of
from jobd.errors import LoadError, StoreUnavailable
from jobd.model.run import Ending
from jobd.store.database import close, connect
from jobd.store.embedded import embedded_postgres
from jobd.store.listen import CONTROL, QUEUE, Announcer, Listener
from jobd.store.migrate import migrate
from jobd.store.store import Store, open_store

log = logging.getLogger(__name__)

RECHECK_SECONDS = 30.0


@dataclass(slots=True)
class Stop:
    """How the operator ends the daemon: the first signal drains, the second hurries, the third exits."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)

    def signal(self) -> None:
        """One more SIGTERM or SIGINT."""
        if not self.asked.is_set():
            log.info("stopping: waiting for running attempts")
            self.asked.set()
        elif not self.hurry.is_set():
            log.warning("stopping at once: attempts are cancelled and handed back")
            self.hurry.set()
        else:
            log.error("exiting without waiting")
            raise SystemExit(130)

    def listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.signal)


async def serve(config: Config, stop: Stop, *, demo: bool = False) -> None:
    """Run until `stop`; returns when everything is finished or handed back.

    Raises:
        JobdError: it cannot run here at all; an absent database is waited for.
    """
    pulse = Pulse()
    with at_home(config.daemon.state_directory) as home:
        async with database_url(config, demo=demo) as url:
            if not await reachable(url, stop):
                return
            for name in await migrate(url):
                log.info("migration applied", extra={"migration": name})
            async with open_store(url, config.database, config.app) as store:
                await _serve(config, store, home, stop, pulse)


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
            await close(await connect(url, application="jobd start", statement_timeout=timedelta(seconds=5)))
        except StoreUnavailable as error:
            systemd.status(f"waiting for Postgres: {error}")
            await patience.failure(error)
        else:
            patience.success()
            return True
    return False


async def _serve(config: Config, store: Store, home: Home, stop: Stop, pulse: Pulse) -> None:
    loaded, broken = load_jobs(config)
    disabled = await disabled_jobs(config, store, broken)
    await take_over(config, store, disabled)
    paused = (await store.jobs.copy(config.daemon.environment)).mismatch(config.daemon.environment)
    if paused:
        paused += "; nothing fires, runs or is mailed until `jobd adopt` says that this is the one to work on"
        log.error("paused", extra={"reason": paused})
    announcer = Announcer(store.database)
    control: NodeControl

    def queued(queue: str) -> None:
        if control.node is not None:
            control.node.queued(queue)

    def heard(channel: str, payload: str) -> None:
        if (node := control.node) is None:
            return
        if channel == QUEUE:
            node.heard(payload)
        elif channel == CONTROL:
            node.look.soon()

    listener = Listener(store.database, heard, lambda: heard(CONTROL, "")) if config.database.notify else None
    enqueuer = Enqueuer(store.runs, config.jobs, queued)
    control = NodeControl(
        config=config,
        store=store,
        loaded=loaded,
        disabled=disabled,
        enqueuer=enqueuer,
        announcer=announcer,
        listener=listener,
        pulse=pulse,
        database=described(config),
        paused=paused,
    )
    loops = [
        enqueuer.run(),
        control.endings.look(),
        patiently("announce", pulse, announcer.round, announcer.wake),
        watchdog(pulse),
        recheck(config, store, broken, disabled),
    ]
    if listener is not None:
        loops.append(patiently("listen", pulse, listener.round, limit=math.inf))
    # What is loaded by now stays; young garbage of thousands of runs a second is looked at less often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    async with control_socket(config.daemon.socket, control), running(*loops):
        systemd.ready(f"{config.daemon.name}: {len(loaded)} jobs")
        while not stop.asked.is_set():
            await _live(config, store, home, stop, pulse, control, loaded, paused is None, announcer, enqueuer)


async def _live(
    config: Config,
    store: Store,
    home: Home,
    stop: Stop,
    pulse: Pulse,
    control: NodeControl,
    loaded: Mapping[str, LoadedJob],
    intake: bool,
    announcer: Announcer,
    enqueuer: Enqueuer,
) -> None:
    """One node's life: until the operator stops the daemon, or the lease is lost and the daemon joins anew."""

    def ended(endings: Sequence[Ending]) -> None:
        control.ended(ending.run.id for ending in endings if not ending.again)

    node = Node(
        config=config,
        store=store,
        home=home,
        jobs=loaded,
        runnable=control.runnable,
        pulse=pulse,
        announcer=announcer,
        enqueue=enqueuer.enqueue,
        ended=ended,
        hurry=stop.hurry,
        intake=intake and config.daemon.enabled,
    )
    try:
        async with node.alive():
            control.node = node
            await first_of(stop.asked, node.lost, math.inf)
            if stop.asked.is_set():
                control.stopping = True
                systemd.stopping(config.daemon.grace.total_seconds())
    except StoreUnavailable as error:
        log.warning("this node waits for Postgres", extra={"error": str(error)})
        await first_of(stop.asked, asyncio.Event(), 1.0)
    finally:
        control.node = None


def load_jobs(config: Config) -> tuple[dict[str, LoadedJob], dict[str, str]]:
    """What the configured jobs run, and for those that cannot be loaded the reason: the others go on."""
    loaded, broken = {}, {}
    for name, job in config.jobs.items():
        try:
            loaded[name] = load_job(job)
        except LoadError as error:
            broken[name] = str(error)
            log.error("job cannot be loaded", extra={"job": name, "error": str(error), "place": job.place})
    return loaded, broken


async def disabled_jobs(config: Config, store: Store, broken: Mapping[str, str]) -> dict[str, str]:
    """The reason for each job that cannot run now: its function, or the application's tables that it needs."""
    wanted = sorted({table for job in config.jobs.values() for table in job.requires})
    missing = await store.jobs.missing_tables(config.app.schema, wanted) if wanted else set()
    disabled = dict(broken)
    for name, job in config.jobs.items():
        if name not in disabled and (gone := [table for table in job.requires if table in missing]):
            disabled[name] = f'no table {", ".join(gone)} in schema "{config.app.schema}" ([app] schema)'
    return disabled


async def take_over(config: Config, store: Store, disabled: Mapping[str, str]) -> None:
    """Make the rows in Postgres what the files say."""
    await store.jobs.load(
        config.daemon.name,
        config.jobs.values(),
        config.queues.values(),
        config.schedules.values(),
        disabled=disabled,
        tzdata=version("tzdata"),
    )


async def recheck(config: Config, store: Store, broken: Mapping[str, str], disabled: dict[str, str]) -> None:
    """Look again now and then for tables that were missing, so that a job begins when the application is set up."""
    while True:
        await asyncio.sleep(RECHECK_SECONDS)
        try:
            now = await disabled_jobs(config, store, broken)
            if now != disabled:
                disabled.clear()
                disabled.update(now)
                await take_over(config, store, disabled)
                log.info("jobs checked again", extra={"disabled": sorted(disabled)})
        except StoreUnavailable:
            continue


async def watchdog(pulse: Pulse) -> None:
    """Tell systemd that the daemon lives, while every loop is young; silence makes it start a new one."""
    every = systemd.watchdog_seconds()
    while every is not None:
        if overdue := pulse.overdue():
            log.error("loops are stuck, the watchdog is not fed", extra={"loops": overdue})
        else:
            systemd.alive()
        await asyncio.sleep(every)


def described(config: Config) -> str:
    """The database without any secret."""
    if config.database.url is None:
        return "embedded"
    parts = urlsplit(config.database.url)
    return f"{parts.hostname or 'local'}{f':{parts.port}' if parts.port else ''}{parts.path}"
