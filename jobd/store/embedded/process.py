"""Child processes under the account of Postgres: the server itself, initdb, and short questions."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from pathlib import Path

from jobd.store.embedded.account import Account

_LAUNCHER = Path(__file__).with_name("launch.py")
# What Postgres would read as a setting (PGPORT, PGDATA, NOTIFY_SOCKET…) stays behind.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")


async def start(account: Account, program: Path, *arguments: str, log: Path) -> Process:
    """The running program as our direct child, its output appended to `log`.

    It dies with the thread that calls this, so that must be the one that lives as long as jobd: the loop's.
    A session of its own, lest Ctrl-C on the terminal reaches Postgres before jobd has drained.
    """
    return await _launch(_run(account, str(log), program, *arguments), stdout=DEVNULL)


async def output(account: Account, program: Path, *arguments: str) -> tuple[int, str]:
    """Exit status and all that the program said; it is killed when we are cancelled."""
    return await _finished(_run(account, "-", program, *arguments))


async def blocked(account: Account, *paths: Path) -> Path | None:
    """The first of these paths, or of their parents, that the account cannot enter or read; None if none."""
    if not account.foreign:
        return None
    status, answer = await _finished(["blocked", account.name, *map(str, paths)])
    if status != 0:
        raise OSError(f"cannot become user {account.name}: {answer}")
    return Path(answer) if answer else None


def _run(account: Account, log: str, program: Path, *arguments: str) -> list[str]:
    user = account.name if account.foreign else "-"
    return ["run", str(os.getpid()), user, log, str(program), *arguments]


async def _finished(arguments: list[str]) -> tuple[int, str]:
    process = await _launch(arguments, stdout=PIPE)
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, said.decode("utf-8", "replace").strip()


async def _launch(arguments: list[str], *, stdout: int) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", str(_LAUNCHER), *arguments,
        stdin=DEVNULL, stdout=stdout, stderr=STDOUT, cwd="/", start_new_session=True,
        env={"LC_ALL": "C", **{name: os.environ[name] for name in _KEPT if name in os.environ}},
    )  # fmt: skip
