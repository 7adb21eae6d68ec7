"""The mail server and the payment gateway of the demo, each a process of its own that ends with the demo."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from jobd.demo.place import Place
from jobd.errors import JobdError
from jobd.store.embedded import launch

START_SECONDS = 30.0
GREYLISTED = 6
"""So many recipients are refused once, as many mail servers do with strangers: the mail comes at the second try."""


class ServerFailed(JobdError):
    """A server of the demo did not start."""


class Server:
    """One of them, starting or started."""

    def __init__(self, name: str, process: Process, place: Place) -> None:
        self._name, self._process, self._place = name, process, place

    async def port(self) -> int:
        """Where it listens, once it does.

        Raises:
            ServerFailed: it ended instead, or took too long; with what it said.
        """
        assert self._process.stdout is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                if await self._process.stdout.readline():
                    return int(_file(self._place, self._name, "port").read_text("ascii"))
        said = _file(self._place, self._name, "log").read_text("utf-8", "replace")[-2000:].strip()
        raise ServerFailed(f"the demo's {self._name} server did not start: {said or 'it says nothing'}")


@asynccontextmanager
async def mail_server(place: Place, *, lose: int = 0) -> AsyncIterator[Server]:
    """A mail server that writes each mail to `place.mailbox`; `lose` makes it lose so many that it accepted."""
    misbehaviour = {"*": ["rcpt 450"] * GREYLISTED + ["dot swallow"] * lose}
    (script := place.directory / "mail.json").write_text(json.dumps(misbehaviour), "utf-8")
    arguments = ["--mailbox", str(place.mailbox), "--script", str(script)]
    async with _server("mail", place, "jobd.testing.smtp", *arguments) as server:
        yield server


@asynccontextmanager
async def gateway(place: Place, *, misbook: str | None = None) -> AsyncIterator[Server]:
    """The payment gateway, telling `place.gateway_script`; of the order `misbook` it tells something else."""
    lie = [] if misbook is None else ["--misbook", misbook]
    async with _server("gateway", place, "jobd.testing.paymob", "--script", str(place.gateway_script), *lie) as server:
        yield server


@asynccontextmanager
async def _server(name: str, place: Place, module: str, *arguments: str) -> AsyncIterator[Server]:
    """Started at once, listening later; ended with the block, and by the kernel if we are killed before."""
    with _file(place, name, "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", str(Path(launch.__file__)), "run", str(os.getpid()), "-", "-",
            sys.executable, "-m", module, "--port-file", str(_file(place, name, "port")), *arguments,
            stdin=DEVNULL, stdout=PIPE, stderr=log,
            start_new_session=True,  # Ctrl-C is for us: mail still has to go out while the daemon drains
        )  # fmt: skip
    try:
        yield Server(name, process, place)
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    for end in (process.terminate, process.kill):
        if process.returncode is None:
            with suppress(ProcessLookupError):
                end()
            with suppress(TimeoutError):
                async with asyncio.timeout(3):
                    await process.wait()


def _file(place: Place, name: str, what: str) -> Path:
    return place.directory / f"{name}.{what}"
