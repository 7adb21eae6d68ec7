"""Instants and lengths of time that two processes share: a file of float64, mapped by both.

`time.monotonic()` is the machine's own clock (CLOCK_MONOTONIC): the same in every process.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path

VARIABLE = "JOBD_BENCHMARK_CLOCK"
"""Names the file to the daemon under measurement."""

_CELL = struct.Struct("d")


class SharedClock:
    """The mapped file; a cell that nobody wrote is 0."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._cells = mmap.mmap(file.fileno(), 0)

    @classmethod
    def made(cls, path: Path, cells: int) -> SharedClock:
        """A new file with room for so many."""
        path.write_bytes(bytes(cells * _CELL.size))
        return cls(path)

    @classmethod
    def from_environment(cls) -> SharedClock:
        return cls(Path(os.environ[VARIABLE]))

    def write(self, place: int, seconds: float) -> None:
        _CELL.pack_into(self._cells, place * _CELL.size, seconds)

    def write_longest(self, place: int, seconds: float) -> None:
        if seconds > self.read(place):
            self.write(place, seconds)

    def read(self, place: int) -> float:
        found: float = _CELL.unpack_from(self._cells, place * _CELL.size)[0]
        return found

    async def close(self) -> None:
        """Unmaps it."""
        self._cells.close()
