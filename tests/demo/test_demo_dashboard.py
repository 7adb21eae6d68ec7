"""The demo in a terminal: it opens the dashboard, and sums up once that is left."""

from __future__ import annotations

import asyncio
import sys

import pytest

from benchmarks.terminal import terminal

DEMO = [sys.executable, "-m", "jobd", "demo"]


@pytest.mark.timeout(120)
async def test_in_a_terminal_the_demo_is_the_dashboard_and_then_its_sum() -> None:
    async with terminal(DEMO) as there:
        await there.until(b"ready")
        there.press("q")
        await there.until(b"mails accepted twice                     0         0")
        async with asyncio.timeout(30):
            assert await there.process.wait() == 0


@pytest.mark.timeout(120)
async def test_the_dashboard_of_a_demo_closes_by_itself_when_its_time_is_over() -> None:
    async with terminal([*DEMO, "--duration", "6s"]) as there:
        await there.until(b"ready")
        await there.until(b"mails accepted twice                     0         0")
        async with asyncio.timeout(30):
            assert await there.process.wait() == 0
