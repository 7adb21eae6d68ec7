"""What `jobd init` writes: a short commented `jobd.toml`, and the schema for editors beside it."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

STARTER = {"jobd.toml": "starter.toml", "jobd.schema.json": "jobd.schema.json"}
"""File written → file of this package."""


def write_starter(directory: Path) -> list[Path]:
    """The files written, new ones only: nothing is ever overwritten. Makes `directory` when it is missing.

    Raises:
        FileExistsError: there is a jobd.toml already; nothing was written.
        OSError: the directory cannot be made or written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if (directory / "jobd.toml").exists():
        raise FileExistsError(17, "is there already", str(directory / "jobd.toml"))
    return [path for name, source in STARTER.items() if (path := _written(directory / name, source))]


def _written(path: Path, source: str) -> Path | None:
    content = (files("jobd.config") / source).read_bytes()
    # 0640: a secret may be written into it later, and not every user shall read that
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o640)
    except FileExistsError:
        if path.name == "jobd.toml":  # it appeared meanwhile
            raise
        return None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return path
