"""A program in a real terminal: tmux with a server of its own, keys in, screen out."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

LOOK_SECONDS = 0.1
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
"""A program believes these rather than its terminal, and whoever runs the tests may have set them."""


class Tmux:
    """One window."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def ask(self, *words: str) -> str:
        """What a tmux command prints."""
        process = await asyncio.create_subprocess_exec(
            "tmux", "-u", "-S", str(self._socket), "-f", "/dev/null", *words,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=ENVIRONMENT,
        )  # fmt: skip
        out, error = await process.communicate()
        if process.returncode:
            raise AssertionError(f"tmux {' '.join(words)}: {error.decode()}")
        return out.decode("utf-8", "replace")

    async def press(self, *keys: str) -> None:
        await self.ask("send-keys", *keys)

    async def screen(self) -> str:
        return await self.ask("capture-pane", "-p")

    async def title(self) -> str:
        return await self.ask("display-message", "-p", "#{pane_title}")

    async def buffers(self) -> str:
        return await self.ask("list-buffers")

    async def until(self, wanted: str | Callable[[str], bool], seconds: float = 20.0) -> str:
        """The screen, once a text stands on it or it is as wanted."""
        shown = ""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    shown = await self.screen()
                    if wanted in shown if isinstance(wanted, str) else wanted(shown):
                        return shown
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise AssertionError(f"not seen within {seconds:g} s: {wanted}\n{shown}") from None

    async def press_until(self, key: str, wanted: Callable[[str], bool]) -> str:
        """The same, by a key that may come twice: with an Escape just before it, both are taken for Alt and it."""
        for _ in range(5):
            await self.press(key)
            try:
                return await self.until(wanted, 4.0)
            except AssertionError:
                continue
        return await self.until(wanted)

    async def still(self, seconds: float = 20.0) -> str:
        """The screen, once two looks at it see the same."""
        seen: list[str] = []

        def again(shown: str) -> bool:
            seen.append(shown)
            return seen[-2:] == [shown, shown]

        return await self.until(again, seconds)


@asynccontextmanager
async def tmux(directory: Path, command: Sequence[str], *, columns: int = 120, lines: int = 40) -> AsyncIterator[Tmux]:
    """The program in a window of that size; skips where there is no tmux."""
    if shutil.which("tmux") is None:
        pytest.skip("there is no tmux on this machine")
    window = Tmux(directory / "tmux.sock")
    size = ("-x", str(columns), "-y", str(lines))
    await window.ask("new-session", "-d", *size, "sleep", "1000")
    try:
        # a program may set the clipboard here, as most terminals let it: what is tested is that ours does not
        await window.ask("set-option", "-g", "set-clipboard", "on")
        await window.ask("set-option", "-g", "remain-on-exit", "on")
        await window.ask("set-option", "-s", "escape-time", "0")
        await window.ask("set-option", "-g", "window-size", "manual")
        await window.ask("resize-window", *size)
        await window.ask("respawn-pane", "-k", *command)
        yield window
    finally:
        await window.ask("kill-server")
