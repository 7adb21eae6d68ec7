"""A daemon of its own for jobctl: its files, and `jobctl` that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from jobctl_program import Jobctl
from support.daemons import Process, processes

MORE = """
low = { weight = 1, max = 1 }
shelf = { weight = 1 }
heap = { weight = 1 }
[jobs.nothing]
run = "support.jobs:nothing"
[jobs.fails]
run = "support.jobs:fails"
retries = 0
[jobs.says]
command = ["sh", "-c", "echo 3 files; echo one was empty >&2"]
[jobs.keyed]
run = "support.jobs:waits"
concurrency = { key = "args.seconds", max = 1 }
[jobs.heaped]
run = "support.jobs:nothing"
queue = "heap"
global_max = 3
[jobs.fires]
run = "support.jobs:nothing"
cron = "0 4 * * *"
[schedules.nightly]
job = "nothing"
cron = "30 3 * * *"
"""


class Live:
    """One daemon and who asks it."""

    def __init__(self, process: Process, url: str) -> None:
        self.process, self.url, self.jobctl = process, url, Jobctl(process.socket)

    @property
    def config(self) -> Path:
        return self.process.config

    def rewrite(self, old: str, new: str) -> None:
        """Another configuration on the disk."""
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))


@asynccontextmanager
async def living(directory: Path, url: str, *, daemon: str = "[daemon]") -> AsyncIterator[Live]:
    """A daemon that has joined, for the length of the block; `daemon` begins its table of that name."""
    async with processes(directory, url, more=MORE) as (process,):
        text = (
            process.config.read_text()
            .replace(MORE, "")
            .replace("[daemon]", daemon)
            .replace("default = {}", f"default = {{}}{MORE.partition('[')[0]}")
        )
        process.config.write_text(text + MORE[MORE.index("[") :])
        await process.start()
        yield Live(process, url)
