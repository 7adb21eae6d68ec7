"""The memory of a daemon in production is no business of other programs of its user."""

from __future__ import annotations

import sys

import pytest
from support.daemons import processes
from support.waiting import until

JOBS = """
[jobs.dumpable]
run = "support.jobs:dumpable"
[jobs.shell]
command = ["cat", "/proc/self/environ"]
"""


@pytest.mark.skipif(sys.platform != "linux", reason="as the Linux kernel has it")
@pytest.mark.parametrize(("environment", "dumpable"), [("production", 0), ("development", 1)])
async def test_memory_is_for_root_alone_in_production(life, tmp_path, environment: str, dumpable: int):
    async with processes(tmp_path, life.url, 1, JOBS) as (daemon,):
        daemon.config.write_text(
            daemon.config.read_text().replace("[daemon]", f'[daemon]\nenvironment = "{environment}"', 1)
        )
        await daemon.start()
        run = await life.db.fetchval("select jobd.enqueue('dumpable')")
        shell = await life.db.fetchval("select jobd.enqueue('shell')")
        await until(lambda: ended(life, run, shell), 20)
        assert (await life.ended(run))["result"] == str(dumpable)
        assert (await life.ended(shell))["state"] == "succeeded", "programs that it starts are as ever"
        assert await daemon.stop() == 0


async def ended(life, *runs: int) -> bool:
    return all([await life.ended(run) is not None for run in runs])
