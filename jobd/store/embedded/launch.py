"""Run by path as a small process of its own: gives up root, ties itself to jobd's life, becomes the program.

    launch.py run PARENT USER LOG PROGRAM ARGUMENT…   (`-` for USER or LOG: as we are)
    launch.py blocked USER PATH…                      (prints the first path that USER cannot read)

A process and not a `preexec_fn`, because jobd has threads, and Python code between fork and exec of a process
with threads may stand still for ever. Standard library only, quick to import: each start of Postgres waits.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(arguments: list[str]) -> int:
    """Do what the first argument says; the exit status is 127 when the program could not be started."""
    match arguments:
        case ["run", parent, user, log, *command]:
            _step_down(user)
            _die_with(int(parent))
            return _become(command, log)
        case ["blocked", user, *paths]:
            _step_down(user)
            print(next((place for path in paths if (place := _blocked(Path(path)))), ""))  # noqa: T201 - the answer
            return 0
    return 2


def _step_down(user: str) -> None:
    os.umask(0o077)
    if user != "-":
        entry = pwd.getpwnam(user)
        os.initgroups(user, entry.pw_gid)
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)


def _die_with(parent: int) -> None:
    """SIGINT (a fast shutdown for Postgres) when jobd goes, also after kill -9.

    After setuid, which clears it; exec keeps it. A parent that left before this line would never be noticed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT))
        if os.getppid() != parent:
            sys.exit("jobd has gone")


def _become(command: list[str], log: str) -> int:
    try:
        if log != "-":  # opened by the user itself: root would follow a link that the user laid
            descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{error}\n")
    return 127


def _blocked(path: Path) -> Path | None:
    for parent in reversed(path.parents):
        if not os.access(parent, os.X_OK):
            return parent
    return None if os.access(path, os.R_OK if path.is_file() else os.X_OK) else path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
