"""A run ends within a second of being cancelled, wherever it is: waiting, or under way on this node or on another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from support import gated
from support.jobs import ORDER
from support.nodes import attempts_of, ended_row, live_row
from support.served import serving
from support.waiting import until
from test_commands import alive_pid, pid_in, shell

from jobd.engine.context import Stop
from jobd.model.run import NewRun

DAEMON = """
[daemon]
name = "cancels"
workers = {workers}
poll = "1m"
grace = "20s"
state_directory = "{directory}/state"
socket = "{directory}/jobd.sock"
[database]
url = "{url}"
[defaults]
retries = 1
retry_delay = "1h"
[queues]
default = {{}}
[jobs.gated]
run = "support.gated:gated"
"""
JOBS = """
[jobs.ordered]
run = "support.jobs:ordered"
[jobs.waits]
run = "support.jobs:waits"
[jobs.thread]
run = "support.jobs:thread_waits"
"""
LATER = timedelta(hours=1)


@pytest.fixture(autouse=True)
def shut_gate():
    gated.shut()
    yield
    gated.GATE.set()


class Daemon:
    """The socket of a daemon in this process whose poll never helps."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client

    async def ask(self, path: str, **body: Any) -> Any:
        async with self._client.post(f"/v1/{path}", json=body) as answer:
            return await answer.json()

    async def add(self, **args: Any) -> int:
        return (await self.ask("runs", job="gated", args=args))["id"]

    async def node(self) -> int | None:
        try:
            async with self._client.get("/v1/status") as answer:
                return (await answer.json())["health"]["node"]
        except aiohttp.ClientConnectionError:
            return None


@asynccontextmanager
async def daemon(url: str, directory: Path, workers: int = 2) -> AsyncIterator[Daemon]:
    directory.mkdir()
    connector = aiohttp.UnixConnector(path=str(directory / "jobd.sock"))
    async with (
        aiohttp.ClientSession("http://jobd", connector=connector) as client,
        serving(DAEMON.format(workers=workers, directory=directory, url=url)),
    ):
        found = Daemon(client)
        await until(found.node, 15, "the start of a daemon")
        yield found


async def cancelled_within_a_second(store, at: Daemon, run: int) -> Any:
    """The history row of a run that was cancelled at this daemon."""
    begun = asyncio.get_running_loop().time()
    await at.ask(f"runs/{run}/cancel", reason="no more")
    row = await until(lambda: ended_row(store, run), 5, f"the end of run {run}")
    assert asyncio.get_running_loop().time() - begun < 1
    assert (row["state"], row["reason"]) == ("cancelled", "no more")
    assert await live_row(store, run) is None
    return row


async def entered(run: int) -> None:
    await until(lambda: run in gated.STARTED, 10, f"the start of run {run}")


# Where nobody works on it


async def test_a_queued_a_scheduled_and_a_waiting_run_end_at_once_and_never_start(store, migrated_url, tmp_path):
    async with daemon(migrated_url, tmp_path / "one", workers=1) as one:
        busy = await one.add()
        await entered(busy)
        queued, waiting = await one.add(), await one.add()
        await store.database.execute("update jobd.runs set state = 'waiting' where id = $1", waiting)
        (scheduled,) = await store.runs.enqueue([NewRun(job="gated", due_at=(await now(store)) + LATER)])
        for run in (queued, waiting, scheduled):
            row = await cancelled_within_a_second(store, one, run)
            assert row["node"] is None and row["started_at"] is None
        gated.GATE.set()
        await until(lambda: ended_row(store, busy))
        last = await one.add()
        await until(lambda: ended_row(store, last))
    assert [busy, last] == gated.STARTED


async def now(store) -> Any:
    return await store.database.fetchval("select now()")


async def test_a_run_between_two_attempts_is_cancelled_and_never_tried_again(store, migrated_url, tmp_path):
    gated.GATE.set()
    async with daemon(migrated_url, tmp_path / "one") as one:
        run = await one.add(then="fail")
        await until(lambda: in_state(store, run, "scheduled"))
        row = await cancelled_within_a_second(store, one, run)
        assert row["attempt"] == 1
        assert [tried["outcome"] for tried in await attempts_of(store, run)] == ["failed"]
    assert [run] == gated.STARTED


async def in_state(store, run: int, state: str) -> bool:
    row = await live_row(store, run)
    return row is not None and row["state"] == state


# Where somebody does


async def test_a_running_run_ends_whichever_daemon_is_asked(store, migrated_url, tmp_path):
    async with daemon(migrated_url, tmp_path / "one") as one, daemon(migrated_url, tmp_path / "two") as two:
        runs = [await one.add() for _ in range(4)]
        for run in runs:
            await entered(run)
        at = {run: (await live_row(store, run))["node"] for run in runs}
        assert set(at.values()) == {await one.node(), await two.node()}  # each has two
        for run in runs:  # the first of each is cancelled where it runs, the other one from elsewhere
            here = one if at[run] == await one.node() else two
            there = two if here is one else one
            first = min(other for other in runs if at[other] == at[run])
            row = await cancelled_within_a_second(store, here if run == first else there, run)
            assert row["node"] == at[run] and row["started_at"] is not None


async def test_a_run_is_cancelled_from_elsewhere_while_its_node_drains(store, migrated_url, tmp_path):
    async with daemon(migrated_url, tmp_path / "two") as two:
        async with daemon(migrated_url, tmp_path / "one", workers=4) as one:
            runs = [await one.add() for _ in range(6)]
            for run in runs:
                await entered(run)
            mine = [run for run in runs if (await live_row(store, run))["node"] == await one.node()]
            asking = asyncio.create_task(cancelled_when_draining(store, await one.node(), two, mine))
        await asking  # leaving the block waited for the runs, not for the grace time
        gated.GATE.set()


async def cancelled_when_draining(store, node: int, elsewhere: Daemon, runs: list[int]) -> None:
    await until(lambda: stopping(store, node), 10, "the node's stop")
    for run in runs:
        await cancelled_within_a_second(store, elsewhere, run)


async def stopping(store, node: int) -> bool:
    return await store.database.fetchval("select state = 'stopping' from jobd.nodes where id = $1", node)


async def test_a_run_that_was_claimed_ahead_and_is_cancelled_never_starts(alive, store):
    async with alive(JOBS, workers=1) as live:
        gate = await live.add("waits")
        await live.until_running(gate)
        run, after = await live.add("ordered", mark="never"), await live.add("ordered", mark="after")
        claimed = await store.runs.claim({"default": 2}, ["ordered"], live.node.id, starts=False)
        live.node.dispatcher.buffers.put(claimed, asyncio.get_running_loop().time())  # as a prefetch leaves them
        await store.runs.request_cancel(run, "no more")
        live.node.cancel(run)
        live.node.workers.stop(gate, Stop.CANCEL)
        row = await live.until_ended(run, 1)
        assert (row["state"], row["reason"]) == ("cancelled", "no more")
        await live.until_ended(after)
        assert ORDER == ["after"]


# What runs outside of the loop


async def test_a_thread_is_told_and_its_run_ends_at_once(alive, store):
    async with alive(JOBS) as live:
        run = await live.add("thread")
        await live.until_running(run)
        await store.runs.request_cancel(run, "no more")
        row = await live.until_ended(run, 1)
        assert (row["state"], row["reason"]) == ("cancelled", "no more")


async def test_a_command_is_ended_with_its_whole_group(alive, store, tmp_path):
    own, child = tmp_path / "own", tmp_path / "child"
    line = f"echo $$ > {own}; (sh -c 'echo $PPID' > {child}; exec sleep 300) & wait"
    async with alive(shell("group", line)) as live:
        run = await live.add("group")
        pids = [await pid_in(own), await pid_in(child)]
        assert all(alive_pid(pid) for pid in pids)
        await store.runs.request_cancel(run, "no more")
        await until(lambda: not any(alive_pid(pid) for pid in pids), 1, "the end of the group")
        row = await live.until_ended(run, 12)  # which waits until somebody has reaped them
        assert (row["state"], row["reason"]) == ("cancelled", "no more")
        assert list(live.node.home.children.iterdir()) == []
