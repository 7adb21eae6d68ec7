"""Output whose reader has left (`jobd check | head -1`): the rest is thrown away, the exit status stays what it is."""

from __future__ import annotations

import io
import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # not at run time: jobctl starts in 30 ms, and typing is a part of it
    from typing import Any


class Pipe(io.FileIO):
    """A pipe that one may write to after its reader has left."""

    left = False
    """True once it was written to in vain."""

    def write(self, data: Any, /) -> int:
        if not self.left:
            try:
                return super().write(data) or 0
            except BrokenPipeError:
                self.left = True
        return memoryview(data).nbytes


def outlive_readers() -> None:
    """From now on a reader of stdout or stderr that goes away changes nothing."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and isinstance(raw := _raw(stream), io.FileIO) and _is_pipe(raw):
            stream.flush()
            setattr(sys, name, _like(stream, Pipe(raw.fileno(), "w", closefd=False)))


def left_by_reader(stream: object) -> bool:
    """Whether nobody reads this stream any more, as far as writing to it has shown."""
    return isinstance(stream, io.TextIOWrapper) and getattr(_raw(stream), "left", False)


def _raw(stream: io.TextIOWrapper) -> object:
    return getattr(stream.buffer, "raw", stream.buffer)  # stderr has no buffer in between


def _is_pipe(raw: io.FileIO) -> bool:
    mode = os.fstat(raw.fileno()).st_mode
    return not isinstance(raw, Pipe) and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def _like(stream: io.TextIOWrapper, raw: Pipe) -> io.TextIOWrapper:
    writer: Any = raw if isinstance(stream.buffer, io.FileIO) else io.BufferedWriter(raw)
    return io.TextIOWrapper(
        writer,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
