"""Output whose reader has left (`jobd check | head -1`): the rest is thrown away, the exit status stays what it is.

Output that cannot be written (`jobd check > /dev/full`) is a failure with words.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:  # not at run time: jobctl starts in 30 ms, and typing is a part of it
    from collections.abc import Iterator
    from typing import Any

STDOUT, STDERR = 1, 2


class CannotWrite(Exception):
    """Standard output takes nothing more: the disk is full, or it is closed."""


class Outlet(io.FileIO):
    """Where one may write to after its reader has left, or after it took no more."""

    left = False
    """True once it was written to in vain."""

    def write(self, data: Any, /) -> int:
        if not self.left:
            try:
                return super().write(data) or 0
            except BrokenPipeError:
                self.left = True
            except OSError as error:  # what comes after it is thrown away
                self.left = True
                if self.fileno() == STDOUT:
                    raise CannotWrite(f"cannot write: {error.strerror}") from None
        return memoryview(data).nbytes


def outlive_readers() -> None:
    """From now on a reader of stdout or stderr that goes away changes nothing, and a disk that is full is told once."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _keep_closed()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and isinstance(raw := _raw(stream), io.FileIO) and _is_new(raw):
            stream.flush()
            setattr(sys, name, _like(stream, Outlet(raw.fileno(), "w", closefd=False)))


def must_have_output() -> None:
    """For what tells its result: without somewhere to tell it, nothing is begun.

    Raises:
        CannotWrite: standard output was closed (`>&-`).
    """
    if sys.stdout is None:
        raise CannotWrite("cannot write: standard output is closed")


@contextmanager
def written_out() -> Iterator[None]:
    """What the block printed is written when it ends, however it ends.

    Raises:
        CannotWrite: it cannot be, since `outlive_readers`; what is left of it is thrown away.
    """
    try:
        yield
    finally:
        if sys.stdout is not None:  # it is None where it was closed (`>&-`)
            sys.stdout.flush()


def left_by_reader(stream: object) -> bool:
    """Whether nobody reads this stream any more, as far as writing to it has shown."""
    return isinstance(stream, io.TextIOWrapper) and getattr(_raw(stream), "left", False)


def _keep_closed() -> None:
    """Standard streams that are closed lead nowhere, else what is opened next would be taken for one of them."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        os.set_inheritable(fd, True)
    os.close(fd)


def _raw(stream: io.TextIOWrapper) -> object:
    return getattr(stream.buffer, "raw", stream.buffer)  # stderr has no buffer in between


def _is_new(raw: io.FileIO) -> bool:
    return not isinstance(raw, Outlet) and not raw.isatty()


def _like(stream: io.TextIOWrapper, raw: Outlet) -> io.TextIOWrapper:
    writer: Any = raw if isinstance(stream.buffer, io.FileIO) else io.BufferedWriter(raw)
    return io.TextIOWrapper(
        writer,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
