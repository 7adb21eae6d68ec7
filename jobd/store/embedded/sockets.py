"""A directory for the Unix socket whose path is short enough for the kernel and closed to others."""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from jobd.errors import EmbeddedPostgresError
from jobd.store.embedded import files
from jobd.store.embedded.account import Account
from jobd.store.embedded.configuration import PORT

log = logging.getLogger(__name__)

_LONGEST = 107  # sun_path holds 108 bytes, the last a zero
_LONGEST_PARENT = 60  # room for our own name and the socket's lock file
_REMEMBERED = "jobd_sockets"


def socket_directory(data: Path, account: Account) -> Path:
    """The data directory itself, or a short private one when its path cannot be a socket's.

    The short one is remembered in the data directory: after kill -9 the next start takes it again, so they do
    not pile up. A comma would be read as a list of places, a quotation mark as a quoted one.
    """
    if len(os.fsencode(socket_file(data))) <= _LONGEST and not set(str(data)) & set(',"'):
        return data
    remembered = Path(files.tail(data / _REMEMBERED, 200).strip() or "/")
    if _is_private(remembered, account):
        return remembered
    made = _made(data, account)
    if account.foreign:
        os.chown(made, account.uid, account.gid, follow_symlinks=False)
    files.write(data, _REMEMBERED, str(made), account)
    log.info("the path of the database is too long for a socket", extra={"directory": str(made)})
    return made


def _made(data: Path, account: Account) -> Path:
    ours = [] if account.foreign else [os.environ.get("RUNTIME_DIRECTORY"), os.environ.get("XDG_RUNTIME_DIR")]
    for parent in (*ours, "/tmp"):  # noqa: S108 - mkdtemp; and $TMPDIR may be long itself
        if parent and len(os.fsencode(parent)) <= _LONGEST_PARENT and ":" not in parent:
            with suppress(OSError):
                return Path(tempfile.mkdtemp(prefix="jobd-pg-", dir=parent))
    raise EmbeddedPostgresError(
        f"the path {data} suits no socket (too long, or a comma in it) and no short place is writable: "
        "name a shorter directory in [database.embedded] directory"
    )


def socket_file(directory: Path) -> Path:
    """The socket that Postgres makes in `directory`."""
    return directory / f".s.PGSQL.{PORT}"


def url(directory: Path) -> str:
    """How asyncpg and psql reach database `jobd` there; the port is named, lest PGPORT decides."""
    return f"postgresql://jobd@/jobd?host={quote(str(directory), safe='/')}&port={PORT}"


def _is_private(directory: Path, account: Account) -> bool:
    try:
        facts = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == account.uid and stat.S_IMODE(facts.st_mode) == 0o700
