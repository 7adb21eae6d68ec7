"""`jobctl` as a process of its own, and what came out of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return json.loads(self.err)["error"]


class Jobctl:
    """Runs `jobctl` with the socket of the test's daemon in its environment."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    async def __call__(self, *words: str, stdin: str | None = None, env: dict[str, str] | None = None) -> Ran:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jobd.jobctl.cli", *words, cwd=ROOT,
            env={**os.environ, "JOBD_SOCKET": str(self.socket), **(env or {})},
            stdin=asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(30):
            out, err = await process.communicate(stdin.encode() if stdin is not None else None)
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    @asynccontextmanager
    async def following(self, *words: str, seconds: float = 20) -> AsyncIterator[AsyncIterator[str]]:
        """Its lines as they come, for the length of the block; then it is interrupted."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jobd.jobctl.cli", *words, cwd=ROOT,
            env={**os.environ, "JOBD_SOCKET": str(self.socket)}, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip

        async def lines() -> AsyncIterator[str]:
            assert process.stdout is not None
            async with asyncio.timeout(seconds):
                while line := await process.stdout.readline():
                    yield line.decode()

        try:
            yield lines()
        finally:
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 130
