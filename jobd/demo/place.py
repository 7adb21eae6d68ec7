"""The demo's directory: a temporary one, with a path that suits a socket and lets Postgres' account pass."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 70
"""Room for the longest of our sockets in the kernel's 107 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Every file of one demo, by its meaning."""

    directory: Path

    @property
    def socket(self) -> Path:
        return self.directory / "jobd.sock"

    @property
    def state(self) -> Path:
        return self.directory / "state"

    @property
    def configuration(self) -> Path:
        return self.directory / "jobd.toml"

    @property
    def log(self) -> Path:
        return self.directory / "jobd.log"

    @property
    def mailbox(self) -> Path:
        """What the mail server took, a line of JSON each."""
        return self.directory / "mailbox.jsonl"

    @property
    def gateway_script(self) -> Path:
        return self.directory / "gateway.json"


@contextmanager
def temporary_place(*, keep: bool) -> Iterator[Place]:
    """A new directory, removed when the block ends unless it is to be kept."""
    directory = Path(tempfile.mkdtemp(prefix="jobd-demo-", dir=_parent())).resolve()
    if os.geteuid() == 0:
        directory.chmod(0o711)  # Postgres runs as another user: it may pass, and sees nothing
    try:
        yield Place(directory=directory)
    finally:
        if not keep:
            shutil.rmtree(directory, ignore_errors=True)


def _parent() -> str:
    given = tempfile.gettempdir()
    return given if len(os.fsencode(given)) + len("/jobd-demo-12345678") <= _LONGEST else "/tmp"  # noqa: S108 - mkdtemp
