"""A terminal for a program under measurement: a pty that is read at once, and remembers when something came."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from benchmarks.figure import Broken
from benchmarks.meters import cpu_seconds, rss_mb

LONGEST_SECONDS = 30.0


class Terminal:
    """What a program wrote, and when."""

    def __init__(self, master: int, process: asyncio.subprocess.Process) -> None:
        self._master, self.process = master, process
        self.written = 0
        """Bytes so far."""
        self.last = 0.0
        """When the latest of them came (perf_counter)."""
        self._text = b""
        self._news = asyncio.Event()

    def read(self) -> None:
        """Called when the pty has something."""
        with suppress(OSError):
            found = os.read(self._master, 65_536)
            self.written += len(found)
            self.last = time.perf_counter()
            self._text = (self._text + found)[-200_000:]
            self._news.set()

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def forget(self) -> None:
        """Only what comes from now on is looked for."""
        self._text = b""

    async def until(self, wanted: bytes) -> None:
        """Until it has written that; no control sequence may stand inside."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                while wanted not in self._text:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise Broken(f"the program never wrote {wanted!r}; last: {self._text[-500:]!r}") from None

    async def quiet(self, seconds: float) -> None:
        """Until nothing has come for so long."""
        async with asyncio.timeout(LONGEST_SECONDS):
            while (left := self.last + seconds - time.perf_counter()) > 0:
                await asyncio.sleep(left)

    async def answered(self, keys: str) -> float:
        """Seconds from a key to the first byte that it makes the program write."""
        self._news.clear()
        began = time.perf_counter()
        self.press(keys)
        async with asyncio.timeout(LONGEST_SECONDS):
            await self._news.wait()
        return self.last - began

    @property
    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)

    @property
    def rss_mb(self) -> float:
        return rss_mb(self.process.pid)


@asynccontextmanager
async def terminal(command: Sequence[str], *, columns: int = 120, lines: int = 40) -> AsyncIterator[Terminal]:
    """The program in a terminal of that size; it is ended with the block."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = await asyncio.create_subprocess_exec(
        *command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    loop, there = asyncio.get_running_loop(), Terminal(master, process)
    loop.add_reader(master, there.read)
    try:
        yield there
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        loop.remove_reader(master)
        os.close(master)


PYTHON = sys.executable
