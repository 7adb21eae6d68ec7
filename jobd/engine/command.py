"""Commands: argv in a process group of its own, output kept up to a cap, the whole group ended with the attempt."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

from jobd.engine.children import Children
from jobd.engine.context import AttemptContext
from jobd.errors import JobdError
from jobd.model.job import Job
from jobd.model.storable import storable_text

OUTPUT_LIMIT = 64 * 1024
"""Bytes kept of stdout and of stderr each: the first half and the last half."""
TERM_SECONDS = 5.0
"""Between SIGTERM and SIGKILL to the group."""
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME", "TMPDIR")


class CommandFailed(JobdError):
    """A command ended with another status than 0."""


async def run_command(job: Job, context: AttemptContext, args: dict[str, Any]) -> dict[str, Any]:
    """Run `job.command`; its exit status and the kept part of its output.

    The run's arguments come as JSON in JOBD_ARGS, never formatted into the command line.

    Raises:
        CommandFailed: the command cannot be started, ended with another status than 0, or by a signal.
    """
    assert job.command is not None
    try:
        process = await asyncio.create_subprocess_exec(
            *job.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=job.cwd,
            env=environment(job, context, args),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise CommandFailed(f"{job.command[0]} cannot be started: {error}") from error
    children: Children = context.services.children
    children.add(process.pid)
    try:
        assert process.stdout is not None and process.stderr is not None
        out, err, status = await asyncio.gather(_capped(process.stdout), _capped(process.stderr), process.wait())
    finally:
        # also after a success: nothing that the command left behind outlives its attempt
        await end_group(process.pid)
        children.remove(process.pid)
    if status:
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        tail = f": {err[-2000:].strip()}" if err.strip() else ""
        raise CommandFailed(f"{job.command[0]}: {how}{tail}")
    return {"status": status, "stdout": out, "stderr": err}


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


async def _capped(stream: asyncio.StreamReader) -> str:
    """The text of a stream: all of it when short, else its first and last halves around a mark."""
    half = OUTPUT_LIMIT // 2
    head, tail, total = bytearray(), bytearray(), 0
    while chunk := await stream.read(65536):
        total += len(chunk)
        room = half - len(head)
        head += chunk[:room] if room > 0 else b""
        tail += chunk[max(0, room) :]
        del tail[:-half]
    lost = total - len(head) - len(tail)
    mark = f"\n… {lost} bytes left out …\n".encode() if lost else b""
    return storable_text((bytes(head) + mark + bytes(tail)).decode("utf-8", "replace"), 2 * OUTPUT_LIMIT)


async def end_group(group: int) -> None:
    """End every process of the group: SIGTERM, and SIGKILL to whoever is left after five seconds."""
    for number, seconds in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, TERM_SECONDS)):
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):
            return
        if await _gone(group, seconds):
            return


async def _gone(group: int, seconds: float) -> bool:
    """True as soon as the group has no process left; False after `seconds`."""
    pause, waited = 0.005, 0.0
    while waited < seconds:
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return True
        await asyncio.sleep(pause)
        waited += pause
        pause = min(pause * 2, 0.1)
    return False
