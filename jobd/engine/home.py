"""The state directory: who holds its lock is the one daemon at home there, and heir to earlier boots."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jobd.errors import JobdError


class HomeTaken(JobdError):
    """Another daemon runs in this state directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A locked state directory."""

    directory: Path
    mark: str
    """Names this directory on this host among all nodes of the database; the same at each boot."""

    @property
    def children(self) -> Path:
        return self.directory / "children"


@contextmanager
def at_home(directory: Path) -> Iterator[Home]:
    """Lock the state directory for the length of the block; made when it is not there.

    Made by root it can be entered by all, for the user that Postgres runs as.

    Raises:
        HomeTaken: a daemon runs there, or the directory cannot be used; the message says what to do.
    """
    try:
        directory.mkdir(mode=0o711 if os.geteuid() == 0 else 0o750, parents=True, exist_ok=True)
        descriptor = os.open(directory / "jobd.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise HomeTaken(f"the state directory {directory} cannot be used: {error.strerror} "
                        "(set [daemon] state_directory to one that this user may write)") from error  # fmt: skip
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise HomeTaken(
                f"another jobd runs in {directory}; give each daemon its own [daemon] state_directory"
            ) from error
        yield Home(directory=directory, mark=f"{_identity(descriptor)}@{socket.gethostname()}")
    finally:
        os.close(descriptor)


def _identity(descriptor: int) -> str:
    """The directory's own number, drawn at its first boot."""
    known = os.pread(descriptor, 64, 0).decode("ascii", "ignore").strip()
    if not known:
        known = secrets.token_hex(16)
        os.pwrite(descriptor, f"{known}\n".encode(), 0)
        os.fsync(descriptor)
    return known
