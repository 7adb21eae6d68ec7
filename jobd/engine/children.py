"""The process groups of running commands, written down: a daemon that was killed ends them at its next start."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
from pathlib import Path

log = logging.getLogger(__name__)

GROUP = re.compile(r"[1-9][0-9]{1,8}")
"""0 would be our own group, and 1 is nobody's command."""


class Children:
    """A directory with one file a group: its name is the group's id, its content the start time of its leader.

    The start time tells a survivor from a stranger that got the same number.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def add(self, group: int) -> None:
        """Write a group down before its run can be given to anybody else."""
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            (self._directory / str(group)).write_text(str(started(group)))

    def remove(self, group: int) -> None:
        (self._directory / str(group)).unlink(missing_ok=True)

    def kill_survivors(self) -> int:
        """Kill the groups that an earlier boot left, before their runs are given back; how many were alive."""
        killed = 0
        for entry in self._directory.iterdir():
            if GROUP.fullmatch(entry.name):
                killed += _kill_if_same(int(entry.name), entry.read_text().strip())
            entry.unlink(missing_ok=True)
        if killed:
            log.warning("commands of an earlier boot ended", extra={"groups": killed})
        return killed


def started(pid: int) -> int:
    """When a process started, in clock ticks since boot (field 22 of /proc/PID/stat)."""
    stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    return int(stat[stat.rindex(")") + 2 :].split()[19])


def _kill_if_same(group: int, start: str) -> bool:
    """Kill the group when its leader is the recorded process, or gone while members of its session live on."""
    try:
        if str(started(group)) != start:
            return False  # the number belongs to somebody else now
    except (FileNotFoundError, ProcessLookupError):
        pass  # the leader is gone; a group with this number can only be what it left, for the kernel reserves it
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def has_living(group: int) -> bool:
    """True while some process of the group lives; uncollected dead ones do not count. True without /proc."""
    seen = False
    for entry in Path("/proc").glob("[0-9]*/stat"):
        seen = True
        with contextlib.suppress(OSError, ValueError, IndexError):
            stat = entry.read_text("utf-8", "replace")
            state, _, process_group = stat[stat.rindex(")") + 2 :].split()[:3]
            if int(process_group) == group and state not in "ZX":
                return True
    return not seen
