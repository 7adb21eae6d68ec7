"""A daemon that runs nothing: the real socket, the real store, and a control that only enqueues, cancels and retries.

What a run would do is done by the tests themselves, with the store's own statements or with rows they write.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from jobd.api.access import RoleOf, own_and_root
from jobd.api.bearers import Bearers
from jobd.api.endings import Endings
from jobd.api.feed import Feed
from jobd.api.server import control_socket
from jobd.api.watching import Watching
from jobd.engine.operations import Operations
from jobd.model.arguments import OPEN, Parameters
from jobd.model.finding import Finding
from jobd.model.health import Health, Notice
from jobd.model.job import Job
from jobd.model.privacy import Mask
from jobd.model.queue import Queue
from jobd.model.run import NewRun
from jobd.model.settings import DashboardSettings
from jobd.model.storable import storable
from jobd.store.bulk import Bulks
from jobd.store.changes import Changes
from jobd.store.database import Database, open_database
from jobd.store.endings import Tallies
from jobd.store.migrate import migrate
from jobd.store.runs import Runs
from jobd.store.tokens import Tokens
from jobd.store.views import Views

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202eevil\x9b31m\ufeff"


async def tidy(ctx: Any, batch: int = 100, note: str = "", dry: bool = False) -> None:
    """A job for tests."""


async def mail(ctx: Any, to: str, subject: str, body: str = "", copies: list[str] | None = None) -> None:
    """A job with required arguments."""


FUNCTIONS: dict[str, Callable[..., Any] | None] = {"tidy": tidy, "mail": mail, "backup": None}
JOBS = {
    "tidy": Job(name="tidy", run="serving:tidy", args={"batch": 50}),
    "mail": Job(name="mail", run="serving:mail", queue="low"),
    "backup": Job(name="backup", command=("true",), queue="low"),
}
EMPTIED = (
    "runs", "history", "attempts", "keys", "nodes", "stats", "outbox", "schedules", "jobs", "queues", "audit", "bulk",
    "tokens",
)  # fmt: skip
QUEUES = {"default": Queue(name="default", weight=2), "low": Queue(name="low")}


class Around:
    """What others would hear of a change."""

    def __init__(self, endings: Endings) -> None:
        self.heard: list[str] = []
        self._endings = endings

    def changed(self) -> None:
        self.heard.append("changed")

    def queued(self, queue: str) -> None:
        self.heard.append(f"queued {queue}")

    def ended(self, run_ids: Iterable[int]) -> None:
        self._endings.announce(run_ids)

    def stop(self, run: int | None, node: int) -> None:
        self.heard.append(f"stop {node}")


class SmallDaemon:
    """A Control over the real store."""

    def __init__(self, database: Database, redact: Sequence[str] = ()) -> None:
        self.database, self.store, self.views = database, Runs(database), Views(database, Mask(redact))
        self.endings = Endings(self.views.runs)
        self.around = Around(self.endings)
        self.operations = Operations(
            Changes(database), Bulks(database, self.views.mask), Tokens(database), self.around, name="test"
        )
        self.feed = Feed()
        self.watching = Watching(self.feed, self.views, lambda: ())
        self.tallies: Tallies = {}
        self.jobs: Mapping[str, Job] = JOBS
        self.queues: Mapping[str, Queue] = QUEUES
        self.dashboard = DashboardSettings()
        self.pooler: bool | None = None
        self.notices: tuple[Notice, ...] = ()
        self.findings: tuple[Finding, ...] = ()

    def parameters(self, job: str) -> Parameters:
        function = FUNCTIONS.get(job)
        return OPEN if function is None else Parameters.of(function)

    def health(self) -> Health:
        return Health(
            name="test",
            version="0.1.0",
            environment="development",
            host="here",
            pid=os.getpid(),
            started_at=datetime.now(UTC),
            notices=self.notices,
        )

    async def enqueue(self, new: NewRun) -> tuple[int, bool]:
        if new.key is not None:
            return await self.store.enqueue_keyed(new)
        return (await self.store.enqueue([new]))[0], True

    async def enqueue_many(self, new: Sequence[NewRun]) -> list[int]:
        for run in new:
            storable(run.args)
        return [(await self.enqueue(run))[0] for run in new]

    async def doctor(self) -> list[Finding]:
        return list(self.findings)

    def settings(self) -> list[tuple[str, str, str]]:
        return [("daemon.name", "test", "default"), ("mail.password", "********", "jobd.toml:7")]

    async def until_ended(self, run_id: int, seconds: float) -> None:
        await self.endings.until_ended(run_id, seconds)

    async def reset(self) -> None:
        """Empty tables, but for the jobs and queues."""
        self.notices, self.findings = (), ()
        self.around.heard.clear()
        await self.database.execute(
            "".join(f"delete from jobd.{table};" for table in EMPTIED) + "alter sequence jobd.run_ids restart"
        )
        for job in self.jobs.values():
            await self.database.execute(
                "insert into jobd.jobs (name, owner, queue, priority, retries, args) values ($1, 'test', $2, 0, 3, $3)",
                job.name,
                job.queue,
                json.dumps(dict(job.args)) if job.args else None,
            )
        for queue in self.queues.values():
            await self.database.execute(
                "insert into jobd.queues (name, owner, weight) values ($1, 'test', $2)", queue.name, queue.weight
            )

    async def running(self, run_id: int, *, node: int = 7, started: bool = True) -> None:
        """The run is held by a node, as after a claim."""
        await self.database.execute(
            "update jobd.runs set state = 'running', node = $2, attempt = attempt + 1, claimed_at = now(), "
            "started_at = case when $3 then now() end where id = $1",
            run_id,
            node,
            started,
        )

    async def ended(self, run_id: int, state: str = "succeeded", **facts: Any) -> None:
        """The run is in history, as after its last attempt."""
        await self.database.execute(
            "with gone as (delete from jobd.runs where id = $1 returning *) "
            "insert into jobd.history (id, finished_at, created_at, due_at, started_at, node, attempt, priority, "
            "state, job, queue, source, schedule, retried_from, args, reason, error, result) "
            "select id, clock_timestamp(), created_at, due_at, now(), 7, 1, priority, $2, job, queue, source, "
            "schedule, retried_from, args, $3, $4, $5::jsonb from gone",
            run_id,
            state,
            facts.get("reason"),
            facts.get("error"),
            json.dumps(facts["result"]) if "result" in facts else None,
        )


async def bulk_work(daemon: SmallDaemon) -> None:
    while True:
        await daemon.operations.work()


@asynccontextmanager
async def small_daemon(
    url: str, redact: Sequence[str] = (), make: type[SmallDaemon] = SmallDaemon
) -> AsyncIterator[SmallDaemon]:
    """A SmallDaemon, or a kind of it, on a migrated database."""
    await migrate(url)
    async with open_database(url, connections=4) as database, asyncio.TaskGroup() as tasks:
        daemon = make(database, redact)
        loops = [daemon.endings.look(), daemon.watching.look(), bulk_work(daemon)]
        looking = [tasks.create_task(loop) for loop in loops]
        try:
            yield daemon
        finally:
            for task in looking:
                task.cancel()
            await daemon.store.close()


@asynccontextmanager
async def served(
    daemon: SmallDaemon, path: Path, role_of: RoleOf = own_and_root, tokens: Bearers | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    """The daemon on its socket, and a client of it."""
    async with control_socket(path, daemon, role_of=role_of, tokens=tokens):
        connector = aiohttp.UnixConnector(path=str(path))
        async with aiohttp.ClientSession("http://jobd", connector=connector) as client:
            yield client
