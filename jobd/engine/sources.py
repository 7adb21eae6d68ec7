"""The files of the modules that jobs name, as they were imported: what tracebacks quote, and whether they have changed.

Only these are looked at, not what they import in turn.
"""

from __future__ import annotations

import hashlib
import linecache
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Source:
    """One file when it was imported; `seen` is its time and size at the last look."""

    digest: bytes
    seen: tuple[int, int]
    changed: bool = False


class Sources:
    """The files of one daemon's jobs; `look` may be called in a thread."""

    def __init__(self) -> None:
        self._files: dict[str, Source] = {}

    def note(self, functions: Iterable[str]) -> None:
        """Remember the files of these "module:function" that are imported by now and not remembered yet."""
        for module in {function.partition(":")[0] for function in functions}:
            file = getattr(sys.modules.get(module), "__file__", None)
            if file is None or not file.endswith(".py") or file in self._files:
                continue
            try:
                self._files[file] = Source(_digest(file), _stamp(file))
            except OSError:
                continue  # in an archive, or gone since
            _pin(file)

    def look(self) -> None:
        """See again which files are not what they were; a file is read only when its time or size is another one."""
        for file, source in self._files.copy().items():
            try:
                if (stamp := _stamp(file)) == source.seen:
                    continue
                source.seen, source.changed = stamp, _digest(file) != source.digest
            except OSError:
                source.seen, source.changed = (0, 0), True  # taken away

    @property
    def changed(self) -> tuple[str, ...]:
        """The files whose code, at the last look, was another one than what was imported."""
        return tuple(sorted(file for file, source in self._files.items() if source.changed))


def _stamp(file: str) -> tuple[int, int]:
    status = Path(file).stat()
    return status.st_mtime_ns, status.st_size


def _digest(file: str) -> bytes:
    return hashlib.sha256(Path(file).read_bytes()).digest()


def _pin(file: str) -> None:
    """Let tracebacks quote these lines for ever: an entry without a time is one that linecache never reads anew."""
    if lines := linecache.getlines(file):
        linecache.cache[file] = (sum(map(len, lines)), None, lines, file)
