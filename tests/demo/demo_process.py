"""The demo as a process, what it said, and the processes that it started."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jobd

SECONDS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    status: int
    stdout: str
    stderr: str

    @property
    def summary(self) -> dict[str, Any]:
        """The last line of stdout."""
        found: dict[str, Any] = json.loads(self.stdout.splitlines()[-1])
        return found


async def started(directory: Path, *arguments: str) -> Process:
    """A demo without a terminal, whose temporary directory is below `directory`."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("JOBD_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobd", "demo", *arguments,
        stdin=DEVNULL, stdout=PIPE, stderr=PIPE,
        env={**environment, "TMPDIR": str(directory), "PYTHONPATH": str(Path(jobd.__file__).parents[1])},
    )  # fmt: skip


async def ended(demo: Process) -> Ended:
    """Wait for its end; it does not outlive the test."""
    try:
        async with asyncio.timeout(SECONDS):
            stdout, stderr = await demo.communicate()
    finally:
        if demo.returncode is None:
            demo.terminate()  # not kill: it has a directory to remove
            await demo.wait()
    assert demo.returncode is not None
    return Ended(status=demo.returncode, stdout=stdout.decode(), stderr=stderr.decode())


async def socket_of(demo: Process) -> Path:
    """The path that its first line ends in."""
    assert demo.stdout is not None
    async with asyncio.timeout(SECONDS):
        return Path((await demo.stdout.readline()).decode().split()[-1])


def family(pid: int) -> list[int]:
    """Descriptors (pidfd) of all processes below `pid`: they tell of an end, whoever the parent is by then."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(place.name)] = int((place / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
    found, generation = list[int](), {pid}
    while generation := {child for child, parent in parents.items() if parent in generation}:
        found += generation
    descriptors = []
    for child in found:
        with suppress(ProcessLookupError):
            descriptors.append(os.pidfd_open(child))
    return descriptors


async def all_gone(descriptors: list[int]) -> None:
    """Return when each of these processes has ended."""
    loop = asyncio.get_running_loop()
    for descriptor in descriptors:
        gone = asyncio.Event()
        loop.add_reader(descriptor, gone.set)
        try:
            async with asyncio.timeout(20):
                await gone.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
