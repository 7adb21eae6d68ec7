"""The data directory: whose it is, which version wrote it, and how a new one comes to be: whole or not."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobd.errors import EmbeddedPostgresError, EmbeddedPostgresHeld
from jobd.store.embedded import process
from jobd.store.embedded.account import Account
from jobd.store.embedded.binaries import Binaries
from jobd.store.embedded.upgrade import recipe

log = logging.getLogger(__name__)

_KEY = "[database.embedded] directory"
_LC_ALL_MASK = 0x1FBF  # glibc's <locale.h>


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold `data` for this process alone; the kernel gives it back however we end.

    Raises:
        EmbeddedPostgresHeld: another jobd does.
    """
    descriptor = os.open(_beside(data, "lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise EmbeddedPostgresHeld(
                f"another jobd (pid {holder or 'unknown'}) runs Postgres in {data}: stop it, or give this "
                "one its own [daemon] state_directory; several daemons share one database by [database] url"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


async def prepare(data: Path, binaries: Binaries, account: Account, *, durable: bool) -> None:
    """Make sure that `data` is a data directory that these binaries can serve; the caller holds its lock.

    A new one is made beside it and renamed, so what stands at `data` is always finished, and never deleted.

    Raises:
        EmbeddedPostgresError: something else is there, it is another's, of another version, or initdb failed.
    """
    _sweep(data)
    if (data / "PG_VERSION").exists():
        _check(data, binaries, account)
    elif _holds_something(data):
        raise EmbeddedPostgresError(f"{data} is not empty and not a data directory of Postgres: name another in {_KEY}")
    else:
        await _create(data, binaries, account, durable=durable)


def _holds_something(data: Path) -> bool:
    return data.exists() and any(data.iterdir())


def _check(data: Path, binaries: Binaries, account: Account) -> None:
    if not (data / "global" / "pg_control").exists():
        raise EmbeddedPostgresError(
            f"{data} is a data directory with parts missing (no global/pg_control): restore it from a "
            "backup, or move it away and start again with an empty database"
        )
    if (owner := data.stat().st_uid) != account.uid:
        raise EmbeddedPostgresError(
            f"{data} belongs to uid {owner} and Postgres would run as {account.name} (uid {account.uid}): "
            f"set [database.embedded] user to its owner, or chown -R {account.name} {data}"
        )
    if (version := (data / "PG_VERSION").read_text("ascii").strip()) != str(binaries.major):
        raise EmbeddedPostgresError(recipe(data, version, binaries))


async def _create(data: Path, binaries: Binaries, account: Account, *, durable: bool) -> None:
    scratch = _beside(data, f"new-{secrets.token_hex(4)}")
    try:
        _hand_over(scratch, account)
        arguments = _initdb_arguments(scratch, binaries.major, durable=durable)
        status, said = await process.output(account, binaries.directory / "initdb", *arguments)
        if status != 0:
            raise EmbeddedPostgresError(f"initdb could not make {data}: {_last_lines(said) or f'status {status}'}")
        _move_in(scratch, data)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    log.info("made a new database", extra={"directory": str(data), "version": binaries.version})


def _initdb_arguments(data: Path, major: int, *, durable: bool) -> list[str]:
    if major >= 17:  # sorts by code point, knows letters of all languages, and never changes with the system's libc
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    else:
        locale = ["--locale=C.UTF-8" if _system_has("C.UTF-8") else "--locale=C"]
    sync = [] if durable else ["--no-sync"]
    return ["-D", str(data), "-U", "jobd", "-A", "peer", "-E", "UTF8", "--data-checksums", *locale, *sync]


def _hand_over(scratch: Path, account: Account) -> None:
    scratch.mkdir(mode=0o700)
    if account.foreign:
        descriptor = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            os.fchown(descriptor, account.uid, account.gid)
        finally:
            os.close(descriptor)


def _move_in(scratch: Path, data: Path) -> None:
    try:
        scratch.rename(data)  # an empty directory gives way
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        raise EmbeddedPostgresError(
            f"{data} is a mount point, where Postgres advises against keeping data: name a directory below it in {_KEY}"
        ) from None
    descriptor = os.open(data.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(data: Path) -> None:
    """Remove what a killed initdb left behind: directories of our own naming that were never moved in."""
    for left in data.parent.glob(f".{data.name}.new-*"):
        shutil.rmtree(left, ignore_errors=True)


def _beside(data: Path, what: str) -> Path:
    return data.with_name(f".{data.name}.{what}")


def _system_has(name: str) -> bool:
    libc = ctypes.CDLL(None)
    libc.newlocale.restype = ctypes.c_void_p
    return bool(libc.newlocale(_LC_ALL_MASK, name.encode(), None))


def _last_lines(text: str) -> str:
    return " | ".join(line.strip() for line in text.splitlines()[-3:] if line.strip())
