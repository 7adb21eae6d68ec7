"""jobctl nodes drain --wait: it says what it waits for, and gives up when somebody else decides otherwise."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from jobctl_daemon import Live, living
from jobctl_program import ROOT
from support.waiting import until

from jobd.testing.postgres import fresh_database


@pytest.fixture(scope="module")
async def daemon(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    async with fresh_database(postgres_url) as url, living(tmp_path_factory.mktemp("drain"), url) as live:
        yield live


@pytest.fixture
async def node(daemon: Live) -> AsyncIterator[str]:
    (node,) = (await daemon.jobctl("nodes", "--json")).json
    yield str(node["id"])
    assert (await daemon.jobctl("nodes", "resume", str(node["id"]))).code == 0


@asynccontextmanager
async def draining(daemon: Live, node: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Somebody who waits for it; their stderr can be read while they do."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobd.jobctl.cli", "nodes", "drain", node, "--wait", cwd=ROOT,
        env={**os.environ, "JOBD_SOCKET": str(daemon.process.socket)}, stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def said(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    return (await process.stderr.readline()).decode()


async def running(daemon: Live) -> str:
    """A run that goes on until it is cancelled."""
    run = (await daemon.jobctl("trigger", "waits", "-o", "id")).out.strip()

    async def runs() -> bool:
        return (await daemon.jobctl("show", run, "--json")).json["state"] == "running"

    await until(runs)
    return run


async def test_the_runs_that_are_left_are_named_and_again_when_they_are_others(daemon: Live, node: str):
    first, second = await running(daemon), await running(daemon)
    async with draining(daemon, node) as process:
        assert await said(process) == f"node {node} still works on run {second} (waits) and run {first} (waits)\n"
        assert (await daemon.jobctl("cancel", second)).code == 0
        assert await said(process) == f"node {node} still works on run {first} (waits)\n"
        assert (await daemon.jobctl("cancel", first)).code == 0
        assert await process.wait() == 0


async def test_a_node_that_is_told_something_else_meanwhile_is_not_waited_for(daemon: Live, node: str):
    run = await running(daemon)
    async with draining(daemon, node) as process:
        assert "still works on" in await said(process)
        assert (await daemon.jobctl("nodes", "quiet", node)).code == 0
        assert f"node {node} was told by uid:{os.geteuid()}" in (told := await said(process))
        assert f"to be quiet meanwhile: it does not drain (jobctl nodes drain {node} --wait)" in told
        assert await process.wait() == 6
    assert (await daemon.jobctl("cancel", run)).code == 0


async def test_who_waits_no_longer_is_told_that_it_goes_on(daemon: Live, node: str):
    run = await running(daemon)
    async with draining(daemon, node) as process:
        await said(process)
        process.send_signal(signal.SIGINT)
        told = f"jobctl: no longer waiting; node {node} goes on to drain (jobctl nodes resume {node})\n"
        assert await said(process) == told
        assert await process.wait() == 130
    assert (await daemon.jobctl("cancel", run)).code == 0
