"""Where the data directory goes: as configured, if the account of Postgres can get there at all."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from jobd.errors import EmbeddedPostgresError
from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import process
from jobd.store.embedded.account import Account

log = logging.getLogger(__name__)


@asynccontextmanager
async def data_directory(
    settings: EmbeddedSettings, state_directory: Path, account: Account, *, demo: bool
) -> AsyncIterator[Path]:
    """The path of the data directory, absolute and free of links; its parent exists, itself it need not.

    Only the demo may go elsewhere, into a temporary directory that ends with the block.

    Raises:
        EmbeddedPostgresError: the account cannot get there; names the directory that is in the way.
    """
    data = _resolved(settings.directory or state_directory / "postgres", account)
    barrier = await process.blocked(account, data.parent)
    if barrier is None:
        yield data
    elif not demo:
        raise EmbeddedPostgresError(
            f"user {account.name} cannot enter {barrier}, so Postgres cannot keep its data in {data}: name a "
            "directory that it can reach in [database.embedded] directory or [daemon] state_directory, "
            "/var/lib/jobd for example; jobd changes no permissions of existing directories"
        )
    else:
        with _temporary(await _open_to(account)) as directory:
            log.info("the demo's database goes elsewhere", extra={"directory": str(directory)})
            yield directory / "postgres"


@contextmanager
def _temporary(parent: str) -> Iterator[Path]:
    with TemporaryDirectory(prefix="jobd-demo-", dir=parent, ignore_cleanup_errors=True) as made:
        directory = Path(made).resolve()
        directory.chmod(0o711)
        yield directory


def _resolved(data: Path, account: Account) -> Path:
    data = data.absolute()
    if not data.parent.exists():
        data.parent.mkdir(parents=True)
        # Ours, so its mode is ours to choose: Postgres's account may pass, and sees nothing.
        data.parent.chmod(0o711 if account.foreign else 0o700)
    return data.resolve()


async def _open_to(account: Account) -> str:
    for candidate in (gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - mkdtemp makes a private one in it
        if await process.blocked(account, Path(candidate)) is None:
            return candidate
    raise EmbeddedPostgresError(f"user {account.name} can enter no temporary directory; set TMPDIR to one that it can")
