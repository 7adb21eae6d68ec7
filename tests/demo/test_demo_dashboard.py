"""The demo in a terminal: it opens the dashboard, and sums up once that is left."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.tmux import tmux


@pytest.mark.timeout(120)
async def test_in_a_terminal_the_demo_is_the_dashboard_and_then_its_sum(tmp_path: Path) -> None:
    async with tmux(tmp_path, [sys.executable, "-m", "jobd", "demo"], lines=60) as window:
        await window.until("● ready", seconds=40)
        await window.press("2")
        await window.until("reconcile-payments", seconds=20)
        await window.press("q")
        shown = await window.until("Pane is dead", seconds=60)
        assert "subscriptions expired                  579       579" in shown
        assert "Pane is dead (status 0" in shown


@pytest.mark.timeout(120)
async def test_the_dashboard_of_a_demo_closes_by_itself_when_its_time_is_over(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jobd", "demo", "--duration", "6s"]
    async with tmux(tmp_path, command, lines=60) as window:
        await window.until("● ready", seconds=40)
        shown = await window.until("Pane is dead", seconds=60)
        assert "found" in shown
        assert "Pane is dead (status 0" in shown
