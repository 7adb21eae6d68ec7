"""Commands: argv in a process group of its own, output kept up to a cap, the whole group ended with the attempt."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from jobd.engine.children import Children, has_living
from jobd.engine.context import AttemptContext
from jobd.errors import JobdError
from jobd.model.job import Job
from jobd.model.storable import storable_text

OUTPUT_LIMIT = 64 * 1024
"""Bytes kept of stdout and of stderr each: the first half and the last half."""
OUTPUT_SECONDS = 2.0
"""For the last of the output, once the command and its group have ended."""
TERM_SECONDS = 5.0
"""Between SIGTERM and SIGKILL to the group."""
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME", "TMPDIR")


class CommandFailed(JobdError):
    """A command ended with another status than 0."""


async def run_command(job: Job, context: AttemptContext, args: dict[str, Any]) -> dict[str, Any]:
    """Run `job.command`; its exit status and the kept part of its output, without masked arguments.

    The run's arguments come as JSON in JOBD_ARGS, never formatted into the command line.

    Raises:
        CommandFailed: the command cannot be started, ended with another status than 0, or by a signal.
    """
    assert job.command is not None
    async with Output.opened() as out, Output.opened() as err:
        try:
            process = await asyncio.create_subprocess_exec(
                *job.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out.writer,
                stderr=err.writer,
                cwd=job.cwd,
                env=environment(job, context, args),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise CommandFailed(f"{job.command[0]} cannot be started: {error}") from error
        try:
            status = await _ended(process, context.services.children)
        except asyncio.CancelledError as told:
            if complaint := _complaint(context, err):
                told.add_note(f"stderr:\n{complaint}")
            raise
        for output in (out, err):
            await output.complete(OUTPUT_SECONDS)
    if status:
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        complaint = _complaint(context, err)
        raise CommandFailed(f"{job.command[0]}: {how}{f': {complaint}' if complaint else ''}")
    return {"status": status, "stdout": context.unquoted(out.text), "stderr": context.unquoted(err.text)}


def _complaint(context: AttemptContext, err: Output) -> str:
    """The last that it said on stderr; masked before it is cut, which could leave half of a value."""
    return context.unquoted(err.text)[-2000:].strip()


async def _ended(process: asyncio.subprocess.Process, children: Children) -> int:
    """The exit status of the process, when it and everything that it left in its group has ended."""
    children.add(process.pid)
    try:
        return await process.wait()
    finally:
        try:
            # also after a success: nothing that the command left behind outlives its attempt
            await end_group(process.pid)
        except asyncio.CancelledError:  # asked a second time: no more patience
            kill_group(process.pid)
            raise
        finally:
            children.remove(process.pid)


def environment(job: Job, context: AttemptContext, args: dict[str, Any]) -> dict[str, str]:
    """A clean environment: what every program needs, the job's own `env`, and the run's facts."""
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    return {
        **kept,
        **job.env,
        "JOBD_RUN_ID": str(context.run_id),
        "JOBD_JOB": context.job,
        "JOBD_ATTEMPT": str(context.attempt),
        "JOBD_ARGS": json.dumps(args),
    }


class Output(asyncio.Protocol):
    """What a command writes to one stream: all of it when short, else its first and last halves around a mark.

    A pipe of our own: asyncio's would make the end of the process wait for whoever holds the other end of it.
    """

    def __init__(self) -> None:
        self._head, self._tail, self._total = bytearray(), bytearray(), 0
        self._closed = asyncio.Event()
        self.writer = -1
        """For the command; closed here as soon as it has it."""

    @classmethod
    @asynccontextmanager
    async def opened(cls) -> AsyncIterator[Output]:
        output = cls()
        reader, output.writer = os.pipe()
        transport = None
        try:
            pipe = os.fdopen(reader, "rb", 0)
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: output, pipe)
            yield output
        finally:
            output._close_writer()
            if transport is not None:
                transport.close()

    def data_received(self, data: bytes) -> None:
        half = OUTPUT_LIMIT // 2
        self._total += len(data)
        room = max(0, half - len(self._head))
        self._head += data[:room]
        self._tail += data[room:]
        del self._tail[:-half]

    def connection_lost(self, _: Exception | None) -> None:
        self._closed.set()

    async def complete(self, seconds: float) -> None:
        """Wait for what is still in the pipe, and no longer: a process that left the group may hold it open."""
        self._close_writer()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closed.wait()

    def _close_writer(self) -> None:
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1

    @property
    def text(self) -> str:
        lost = self._total - len(self._head) - len(self._tail)
        mark = f"\n… {lost} bytes left out …\n".encode() if lost else b""
        kept = bytes(self._head) + mark + bytes(self._tail)
        return storable_text(kept.decode("utf-8", "replace"), 2 * OUTPUT_LIMIT)


async def end_group(group: int) -> None:
    """End every process of the group: SIGTERM, and SIGKILL to whoever is left after five seconds."""
    for number, seconds in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, TERM_SECONDS)):
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            return
        if await _gone(group, seconds):
            return


def kill_group(group: int) -> None:
    """SIGKILL to every process of the group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


async def _gone(group: int, seconds: float) -> bool:
    """True as soon as the group has no process left; False after `seconds`."""
    pause, waited = 0.005, 0.0
    while waited < seconds:
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return True
        if not has_living(group):
            return True  # only dead ones that init has not collected yet
        await asyncio.sleep(pause)
        waited += pause
        pause = min(pause * 2, 0.1)
    return False
