"""Who still works in a data directory: an earlier Postgres on its way out, orphans, a stranger's server."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jobd.errors import EmbeddedPostgresError

log = logging.getLogger(__name__)

_PATIENCE = 5.0  # a server that was told to stop says so in milliseconds; Postgres itself kills orphans after 5 s
_PROGRESS = 10.0
_LOOK = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class LockFile:
    """What `postmaster.pid` says; the process may be long gone, and its pid another's by now."""

    pid: int
    status: str
    """`starting`, `ready`, `standby` or `stopping`; empty while the file is being written."""


def lock_file(data: Path) -> LockFile | None:
    """What is written in `postmaster.pid`, or None without a readable one."""
    try:
        lines = (data / "postmaster.pid").read_text("utf-8", "replace").splitlines()
        # A single-user Postgres writes its pid with a minus.
        return LockFile(pid=abs(int(lines[0])), status=lines[7].strip() if len(lines) > 7 else "")
    except (FileNotFoundError, ValueError, IndexError):
        return None


def residents(data: Path) -> list[int]:
    """Every process of Postgres whose working directory is `data`: the postmaster and all its children.

    Empty where there is no /proc: then Postgres's own lock file has to do.
    """
    found = []
    home = data.stat()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or is another user's
            if os.path.samestat((entry / "cwd").stat(), home) and _is_postgres(entry):
                found.append(int(entry.name))
    return found


async def vacated(data: Path) -> None:
    """Return when nobody works in `data` and no stale lock file is in the way.

    A server that is stopping is waited for without a limit (it writes a checkpoint). The children of one that
    was killed are told to leave after 5 s, as a postmaster would do. The caller holds the lock of `data`.

    Raises:
        EmbeddedPostgresError: a server that we did not start runs there.
    """
    began = told = time.monotonic()
    while there := residents(data):
        waited = time.monotonic() - began
        lock = lock_file(data)
        if lock is None or lock.pid not in there:
            _expel(there, waited)
        elif lock.status != "stopping" and waited > _PATIENCE:
            raise EmbeddedPostgresError(
                f"another Postgres (pid {lock.pid}) already runs in {data}: stop it (kill -INT {lock.pid}) "
                "or name another directory in [database.embedded] directory"
            )
        if time.monotonic() - told > _PROGRESS:
            told = time.monotonic()
            log.info("waiting for an earlier Postgres to end", extra={"pids": there, "seconds": round(waited)})
        await asyncio.sleep(_LOOK)
    forget_stale(data / "postmaster.pid")


def forget_stale(path: Path) -> None:
    """Remove a lock file of Postgres whose pid now belongs to a process that has nothing to do with it.

    Postgres forgets those of dead processes by itself, but refuses for good when the pid was given to another
    process of its user. Only for files of which no living Postgres can be the owner.
    """
    with suppress(FileNotFoundError, ValueError, IndexError):
        pid = abs(int(path.read_text("utf-8", "replace").split()[0]))
        if _lives(pid):
            path.unlink()
            log.warning("removed a stale lock file of Postgres", extra={"file": str(path), "pid": pid})


def _expel(orphans: list[int], waited: float) -> None:
    """What they had in memory died with their postmaster: SIGQUIT to leave at once, SIGKILL if stuck."""
    if waited > _PATIENCE:
        for pid in orphans:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if waited > 2 * _PATIENCE else signal.SIGQUIT)


def _is_postgres(entry: Path) -> bool:
    return (entry / "comm").read_text("utf-8", "replace").strip() in ("postgres", "postmaster")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
