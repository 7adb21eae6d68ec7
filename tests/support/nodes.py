"""A node in this process, on a real store: what `jobd run` has, without the socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from jobd.config import Config, load_text
from jobd.engine.enqueue import Enqueuer
from jobd.engine.home import at_home
from jobd.engine.loops import Pulse, patiently, running
from jobd.engine.node import Node
from jobd.loading import Loading
from jobd.model.run import Ending, NewRun
from jobd.store.listen import Announcer
from jobd.store.store import Store
from support.waiting import until

SETTINGS = """
[daemon]
name = "test"
workers = 4
poll = "200ms"
grace = "5s"
[defaults]
retries = 0
retry_delay = 0
timeout = "20s"
[queues]
default = {}
[jobs.nothing]
run = "support.jobs:nothing"
"""


def configured(text: str = "", **daemon: Any) -> Config:
    """SETTINGS with the tables of `text`, which may replace some; `daemon` may go below what a file may say."""
    sections = {line for line in text.splitlines() if line.startswith("[")}
    parts, keep = [], True
    for line in SETTINGS.splitlines():
        if line.startswith("["):
            keep = line not in sections
        if keep:
            parts.append(line)
    config = load_text("\n".join([*parts, text]))
    return replace(config, daemon=replace(config.daemon, **daemon))


class Live:
    """A node under test and what it announced."""

    def __init__(self, node: Node, store: Store, enqueuer: Enqueuer) -> None:
        self.node, self.store, self.enqueuer = node, store, enqueuer
        self.endings: list[Ending] = []
        self._heard = asyncio.Condition()

    def ended(self, endings: Sequence[Ending]) -> None:
        self.endings += endings

    async def add(self, job: str, *, queue: str | None = None, priority: int | None = None, **args: Any) -> int:
        return await self.enqueuer.enqueue(NewRun(job=job, args=args, queue=queue, priority=priority))

    async def until_ended(self, run: int, seconds: float = 10.0) -> Any:
        """The history row of `run`, when it has ended."""
        return await until(lambda: ended_row(self.store, run), seconds, f"the end of run {run}")

    async def until_running(self, run: int, seconds: float = 10.0) -> None:
        await until(lambda: run in self.node.workers.under_way, seconds, f"the start of run {run}")


async def ended_row(store: Store, run: int) -> Any:
    return await store.database.fetchrow("select * from jobd.history where id = $1", run)


async def live_row(store: Store, run: int) -> Any:
    return await store.database.fetchrow("select * from jobd.runs where id = $1", run)


async def attempts_of(store: Store, run: int) -> list[Any]:
    return await store.database.fetch("select * from jobd.attempts where run_id = $1 order by attempt", run)


def made(store: Store, config: Config, loading: Loading, home: Any) -> Live:
    """A node that has not joined yet."""
    found: list[Live] = []
    pulse, announcer = Pulse(), Announcer(store.database)
    enqueuer = Enqueuer(store.runs, config.jobs, lambda queue: found[0].node.queued(queue))
    node = Node(
        config=config, store=store, home=home, jobs=loading.loaded, runnable=loading.runnable, pulse=pulse,
        announcer=announcer, enqueue=enqueuer.enqueue, ended=lambda endings: found[0].ended(endings),
        hurry=asyncio.Event(),
    )  # fmt: skip
    found.append(Live(node, store, enqueuer))
    return found[0]


@asynccontextmanager
async def joining(store: Store, text: str = "", *, directory: Path, **daemon: Any) -> AsyncIterator[Live]:
    """A node that is about to join."""
    config = configured(text, **daemon)
    loading = Loading(config, store)
    await loading.take_over()
    assert not loading.unable()
    with at_home(directory) as home:
        yield made(store, config, loading, home)


@asynccontextmanager
async def alive(store: Store, text: str = "", *, directory: Path, **daemon: Any) -> AsyncIterator[Live]:
    """A node that works for the length of the block on what `text` says."""
    async with joining(store, text, directory=directory, **daemon) as live:
        announcer = live.node.announcer
        async with (
            running(live.enqueuer.run(), patiently("announce", live.node.pulse, announcer.round, announcer.wake)),
            live.node.alive(),
        ):
            yield live
