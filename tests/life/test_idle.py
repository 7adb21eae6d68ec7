"""A daemon that has nothing to do costs next to nothing."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from support.daemons import processes
from support.proxy import proxied
from support.waiting import until

WINDOW_SECONDS = 6.0
JOBS = """
[jobs.yearly]
run = "support.jobs:nothing"
cron = "0 0 1 1 *"
"""


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


async def beats(life) -> object:
    return await life.db.fetchval("select beat_at from jobd.nodes where not lost")


async def test_an_idle_daemon_is_cheap(life, tmp_path):
    async with proxied(life.url) as wire, processes(tmp_path, wire.url, 1, JOBS) as (daemon,):
        await daemon.start()
        first = await beats(life)
        await until(lambda: beaten_after(life, first), 8)  # what starting costs is over
        loop = asyncio.get_running_loop()
        began, executed, cpu = loop.time(), wire.executed, cpu_seconds(daemon.pid)
        await until(lambda: loop.time() - began >= WINDOW_SECONDS, WINDOW_SECONDS + 5)
        seconds = loop.time() - began
        statements, used = (wire.executed - executed) / seconds, (cpu_seconds(daemon.pid) - cpu) / seconds
        assert 0.5 <= statements <= 3
        assert used <= 0.01, f"{used:.1%} CPU"
        assert resident_megabytes(daemon.pid) <= 80, f"{resident_megabytes(daemon.pid):.0f} MB"
        assert await daemon.stop() == 0


async def beaten_after(life, instant) -> bool:
    return await beats(life) > instant
