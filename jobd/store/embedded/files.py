"""Small files in the data directory, which may belong to another user: never through a link that it laid."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from jobd.store.embedded.account import Account


def write(directory: Path, name: str, text: str, account: Account) -> None:
    """Put `text` there whole, as the account's own file of mode 0600, instead of what had that name."""
    place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        scratch = f".{name}.{secrets.token_hex(4)}"
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=place)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if account.foreign:
                os.fchown(descriptor, account.uid, account.gid)
            file.write(text)
        os.rename(scratch, name, src_dir_fd=place, dst_dir_fd=place)
    finally:
        os.close(place)


def size(path: Path) -> int:
    """Bytes of the file at `path`, which is not followed; 0 without one."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def tail(path: Path, most: int) -> str:
    """The last `most` bytes as text; empty when there is no such regular file."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - most))
            return file.read(most).decode("utf-8", "replace")
    except OSError:
        return ""


def cap(directory: Path, name: str, limit: int, account: Account) -> None:
    """Empty a log that has grown past `limit`, keeping its last part as `name`.1.

    Safe while Postgres writes: it appends, so it goes on at the new end.
    """
    if size(directory / name) <= limit:
        return
    write(directory, f"{name}.1", tail(directory / name, limit), account)
    descriptor = os.open(directory / name, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)
