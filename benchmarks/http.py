"""Enqueues over the control socket: the daemon is one process, the callers are another.

The daemon runs with `enabled = false`, so that nothing but the enqueue is measured.
"""

from __future__ import annotations

import asyncio
import json
import sys

from benchmarks.bench import Bench
from benchmarks.daemon import ROOT, TABLES, Daemon, running_daemon
from benchmarks.drain import Measure
from benchmarks.enqueue import sql
from benchmarks.figure import Broken, Numbers, Sizes, Skipped
from benchmarks.http_client import NO_ROUTE

DISABLED = "enabled = false"


def over_http(callers: int, batch: int = 1) -> Measure:
    """POST /v1/runs by so many callers, or `batch` runs a request."""

    async def measure(bench: Bench) -> Numbers:
        count = _count(bench.sizes, callers, batch)
        ground = await bench.ground()
        async with running_daemon(bench, ground.url, TABLES, daemon=DISABLED) as daemon:
            await ground.settled()
            cpu = daemon.cpu_seconds
            seconds, warm = await _called(daemon, callers, count, batch)
            if (found := await ground.observer.fetchval(sql.count)) != count + warm:
                raise Broken(f"{count + warm} runs were enqueued and {found} are there")
            return {"runs_per_second": count / seconds, "cpu_us_per_run": (daemon.cpu_seconds - cpu) / count * 1e6}

    return measure


def _count(sizes: Sizes, callers: int, batch: int) -> int:
    if batch > 1:
        return max(1, sizes.bulk // batch) * batch
    return sizes.http if callers > 1 else sizes.http // 3


async def _called(daemon: Daemon, callers: int, count: int, batch: int) -> tuple[float, int]:
    """(seconds, runs added before the clock started), as the other process found."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.http_client", str(daemon.socket), str(callers), str(count), str(batch),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    if process.returncode == NO_ROUTE:
        raise Skipped("this jobd takes no batches over HTTP")
    if process.returncode != 0:
        raise Broken(f"the HTTP callers ended with status {process.returncode}")
    answer = json.loads(said)
    return answer["seconds"], answer["warm"]
