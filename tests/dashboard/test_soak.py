"""A thousand events a second: the dashboard stays as large as it was, and answers keys."""

from __future__ import annotations

import asyncio
import time
from itertools import cycle
from pathlib import Path

import pytest
from serving import SmallDaemon

from benchmarks.terminal import PYTHON, terminal
from jobd.model.run import NewRun

PER_SECOND = 1_000
BATCHES = 20
"""A second."""
SETTLED_SECONDS = 12.0
GROWN_MB = 4.0
KEY_SECONDS = 1.0


async def events(daemon: SmallDaemon) -> None:
    """Runs of other people, that come, start and end."""
    number = 1_000_000
    while True:
        began = time.monotonic()
        for _ in range(PER_SECOND // BATCHES // 2):
            number += 1
            facts = {"id": number, "job": "tidy", "queue": "default", "attempt": 1, "node": 7}
            daemon.feed.publish("run.started", **facts)
            daemon.feed.publish("run.ended", **facts, state="succeeded", took=0.01, error=None)
        await asyncio.sleep(max(0.0, 1 / BATCHES - (time.monotonic() - began)))  # the pace that is asked for


async def soaked(daemon: SmallDaemon, socket: Path, seconds: float) -> None:
    """Home, the list of runs and the live events in turn; each has been seen before memory is looked at."""
    await daemon.enqueue_many([NewRun(job="tidy")] * 50)
    command = [PYTHON, "-m", "jobd.jobctl.cli", "--socket", str(socket), "top"]
    async with terminal(command) as there, asyncio.TaskGroup() as group:
        await there.until(b"ready")
        busy = group.create_task(events(daemon))
        screens, slowest = cycle("129"), 0.0
        began, settled = time.monotonic(), 0.0
        while time.monotonic() < began + seconds:
            slowest = max(slowest, await there.answered(next(screens)))
            await asyncio.sleep(1)  # as somebody looks: nothing is waited for
            if not settled and time.monotonic() > began + SETTLED_SECONDS:
                settled = there.rss_mb
        grown = there.rss_mb - settled
        busy.cancel()
        print(f"{settled:.0f} MB, {grown:+.1f} MB, slowest key {slowest * 1000:.0f} ms")
        assert there.process.returncode is None
        assert grown < GROWN_MB
        assert slowest < KEY_SECONDS


@pytest.mark.timeout(120)
async def test_half_a_minute_of_a_thousand_events_a_second(daemon: SmallDaemon, socket: Path) -> None:
    await soaked(daemon, socket, 30)


@pytest.mark.soak
@pytest.mark.timeout(1_000)
async def test_ten_minutes_of_a_thousand_events_a_second(daemon: SmallDaemon, socket: Path) -> None:
    await soaked(daemon, socket, 600)
