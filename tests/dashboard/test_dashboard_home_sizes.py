"""Home in the windows that people have: every pane is seen without scrolling, with a row of it at least."""

from __future__ import annotations

from pathlib import Path

import pytest
from serving import SmallDaemon
from support.dashboard_rows import scheduled
from support.dashboards import looking

from jobd.model.health import Level, Notice
from jobd.model.run import NewRun

SIZES = [(80, 30), (100, 30), (100, 35), (119, 39), (120, 30), (140, 32), (160, 34), (140, 40), (200, 60)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_pane_is_in_sight(daemon: SmallDaemon, socket: Path, size: tuple[int, int]) -> None:
    daemon.notices = tuple(Notice(level=Level.WARNING, code=f"x{n}", message=f"look at {n}") for n in range(5))
    await scheduled(daemon, "nightly-report")
    failed, busy, _ = await daemon.enqueue_many([NewRun(job="backup"), NewRun(job="tidy"), NewRun(job="mail")])
    await daemon.ended(failed, "failed", error="the disk is full")
    await daemon.running(busy)
    async with looking(socket, size=size) as eyes:
        await eyes.until("look at 0")
        for seen in ("QUEUED", "in the last minute", "default", "low", "▸ tidy", "nightly", "✗ backup", "disk"):
            await eyes.until(seen)
        assert eyes.text.index("✗ backup") < eyes.text.rindex("✗ backup"), "among the runs, and among the failures"
