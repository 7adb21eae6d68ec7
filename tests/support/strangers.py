"""Somebody else at the socket: another user who listens there and takes what is sent."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

NOBODY = 65534
LISTENS = f"""
import os, socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); os.setuid({NOBODY}); s.listen()
print("up", flush=True)
while True:
    c, _ = s.accept()
    print(c.recv(65536).hex() or "-", flush=True)
    c.close()
"""


class Stranger:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def heard(self) -> bytes:
        """What the next one who connected has said."""
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            line = (await self._process.stdout.readline()).decode().strip()
        return b"" if line == "-" else bytes.fromhex(line)


@asynccontextmanager
async def stranger(path: Path) -> AsyncIterator[Stranger]:
    """One who listens at `path`, in a directory that is not theirs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LISTENS, str(path), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        await process.stdout.readline()
        yield Stranger(process)
    finally:
        process.kill()
        await process.communicate()
