"""The whole dashboard in a real terminal: every screen, an action, hostile data, and the terminal given back."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from serving import SmallDaemon
from support.hostile import MARKUP, filled, texts
from support.tmux import Tmux, tmux

from benchmarks.terminal import terminal
from jobd.dashboard.screens import SCREENS, Entry
from jobd.model.health import Level, Notice
from jobd.model.run import NewRun

MARKS = {
    "home": "Fires next", "runs": " retrying ", "schedules": "LAST 20", "queues": "WORKED", "failed": "Retry all of it",
    "nodes": "LEASE", "outbox": "in doubt", "statistics": "last 24 hours", "journal": "changes", "database": "ROWS",
    "settings": "not default", "tokens": "MADE",
}  # fmt: skip
"""What stands on this screen only, whatever it shows."""
OWN = {"database", "settings"}
"""Screens on which nobody else has written anything."""


@pytest.fixture
async def top(daemon: SmallDaemon, socket: Path, tmp_path: Path) -> AsyncIterator[Tmux]:
    command = [sys.executable, "-m", "jobd.jobctl.cli", "--socket", str(socket), "top"]
    async with tmux(tmp_path, command) as window:
        yield window


def here(screen: Entry, shown: str) -> bool:
    """Whether it is the screen in front."""
    assert "Traceback (most" not in shown
    return MARKS[screen.name] in shown


def foreign(screen: Entry, shown: str) -> bool:
    """Whether what others wrote stands on it: orders made visible, or markup as it is."""
    return screen.name in OWN or any(text in shown for text in ("␛", "␡", "<202E>", *MARKUP[:3]))


async def test_every_screen_is_one_key_away(daemon: SmallDaemon, top: Tmux) -> None:
    await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="mail")])
    await top.until("● ready")
    for screen in SCREENS:
        await top.press(screen.key)
        await top.until(lambda shown, screen=screen: here(screen, shown))
        await top.press("?")
        await top.until("Everywhere")
        await top.press("Escape")
        await top.until(lambda shown: "Everywhere" not in shown)


async def test_a_run_is_cancelled_by_keys_and_the_command_is_said(daemon: SmallDaemon, top: Tmux) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await top.until("● ready")
    await top.press("2")
    await top.until("tidy")
    await top.press("c")
    await top.until(f"jobctl cancel {run}")
    assert (await daemon.views.runs.one(run)).state == "cancelled"


async def test_what_jobs_and_people_wrote_cannot_command_the_terminal(daemon: SmallDaemon, top: Tmux) -> None:
    await filled(daemon)
    daemon.notices = tuple(Notice(level=Level.WARNING, code="odd", message=text) for text in texts())
    title, buffers = await top.title(), await top.buffers()
    await top.until("● ready")
    for screen in SCREENS:
        await top.press_until(screen.key, lambda shown, screen=screen: here(screen, shown))
        if screen.name == "journal":
            await top.press("Tab")  # from events, which were none yet, to what people changed
        await top.until(lambda shown, screen=screen: foreign(screen, shown))
        for keys in (("Enter",), ("j", "j", "Enter"), ("G", "Enter")):
            await top.press(*keys)
            await top.still()
            await top.press("Escape")
            await top.still()
            await top.press_until(screen.key, lambda shown, screen=screen: here(screen, shown))
    assert (await top.title(), await top.buffers()) == (title, buffers)


async def test_a_program_that_is_told_to_end_gives_the_terminal_back(daemon: SmallDaemon, socket: Path) -> None:
    command = [sys.executable, "-m", "jobd.jobctl.cli", "--socket", str(socket), "top"]
    async with terminal(command) as there:
        await there.until(b"ready")
        there.process.send_signal(signal.SIGTERM)
        await there.until(b"\x1b[?1049l")  # the screen that was there before
        async with asyncio.timeout(20):
            assert await there.process.wait() == 0
