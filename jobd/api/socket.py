"""The control socket's file: never stolen from a living daemon, cleared away after a dead one."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobd.errors import SocketRefused

LONGEST = 107
"""Bytes of a path that fit in the kernel's sockaddr_un with its closing NUL."""
_ONLY_OWNER_AND_GROUP = 0o117  # umask that leaves 0660; chmod after bind would be a race


@contextmanager
def bound_socket(path: Path) -> Iterator[socket.socket]:
    """A listening-ready Unix socket at `path`, removed when the block ends if it is still ours.

    Raises:
        SocketRefused: another daemon lives there, something else is in the way, or the place is not safe.
    """
    path = path.absolute()
    _check_length(path)
    _check_directory(path.parent)
    with _locked(path.with_name(path.name + ".lock")):
        _clear(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as bound:
            _bind(bound, path)
            ours = _identity(path)
            try:
                yield bound
            finally:
                if _identity(path) == ours:
                    path.unlink(missing_ok=True)


def _check_length(path: Path) -> None:
    length = len(os.fsencode(path))
    if length > LONGEST:
        raise SocketRefused(
            f"{path}: a Unix socket's path has at most {LONGEST} bytes and this one {length}; "
            "set [daemon] socket to a shorter one"
        )


def _check_directory(directory: Path) -> None:
    """Whoever may write in the directory could put a socket of their own there and hear what is meant for us."""
    try:
        directory.mkdir(mode=0o750, parents=True, exist_ok=True)
        info = directory.stat()
    except OSError as error:
        raise SocketRefused(f"{directory}: {error.strerror}; make it, or set [daemon] socket elsewhere") from error
    if info.st_uid not in (0, os.geteuid()):
        raise SocketRefused(
            f"{directory} belongs to uid {info.st_uid}, who could replace the socket; "
            "use a directory of jobd's own user"
        )
    if info.st_mode & 0o022:
        raise SocketRefused(
            f"{directory} may be written by others (mode {stat.S_IMODE(info.st_mode):04o}), "
            f"who could replace the socket: chmod 0750 {directory}, or set [daemon] socket elsewhere"
        )


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    """The lock outlives no process, so a killed daemon leaves nothing to clean; the file itself stays."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise SocketRefused(f"{lock}: {error.strerror}; remove it, or set [daemon] socket elsewhere") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            raise SocketRefused(
                f"another jobd (pid {holder}) serves {lock.with_suffix('')}; stop it, or give this one its own "
                "[daemon] socket"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _clear(path: Path) -> None:
    """Removes the socket of a dead daemon; refuses everything else that stands at `path`."""
    try:
        info = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(info.st_mode):
        raise SocketRefused(f"{path} is there and is no socket; move it away, or set [daemon] socket elsewhere")
    if _answers(path):
        raise SocketRefused(f"{path}: another program listens there; stop it, or set [daemon] socket elsewhere")
    path.unlink(missing_ok=True)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:  # a full backlog, a datagram socket, no right to look: somebody may be there
            return True
    return True


def _bind(bound: socket.socket, path: Path) -> None:
    before = os.umask(_ONLY_OWNER_AND_GROUP)
    try:
        bound.bind(os.fspath(path))
    except OSError as error:
        raise SocketRefused(f"{path}: {error.strerror}; set [daemon] socket to a path jobd may write") from error
    finally:
        os.umask(before)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        info = path.lstat()
    except OSError:
        return None
    return info.st_dev, info.st_ino
