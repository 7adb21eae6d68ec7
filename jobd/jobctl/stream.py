"""Server-sent events from a connection: the chunks taken apart, one event at a time."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

TYPE_CHECKING = False
if TYPE_CHECKING:  # not at run time: typing would be a twentieth of the time that jobctl takes to start
    from typing import BinaryIO

    from jobd.jobctl.output import Row


def head_of(stream: BinaryIO) -> bytes:
    """The head of the answer with the empty line behind it."""
    lines = []
    while line := stream.readline(65_536):
        lines.append(line)
        if line == b"\r\n":
            break
    return b"".join(lines)


def events(stream: BinaryIO, *, chunked: bool) -> Iterator[Row]:
    """Each event as {"id", "event", "data"}, until the daemon ends the stream; comments are left out."""
    found: dict[str, str] = {}
    for line in _lines(stream, chunked=chunked):
        if line:
            name, _, value = line.partition(":")
            if name == "data" and "data" in found:
                found["data"] += f"\n{value.lstrip()}"
            elif name:
                found[name] = value.lstrip()
        elif "data" in found:
            yield {"id": found.get("id"), "event": found.get("event", "message"), "data": json.loads(found["data"])}
            found = {}


def _lines(stream: BinaryIO, *, chunked: bool) -> Iterator[str]:
    left = b""
    for part in _chunks(stream) if chunked else iter(lambda: stream.read1(65_536), b""):  # type: ignore[attr-defined]
        *whole, left = (left + part).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The content of each chunk; an answer that breaks off ends like one that is over."""
    while size := stream.readline(100).strip():
        length = int(size.partition(b";")[0], 16)
        content = stream.read(length + 2)
        if not length or len(content) < length:
            return
        yield content[:-2]


def patient(connection: socket.socket) -> BinaryIO:
    """`connection` to be read for ever: the daemon says something every few seconds."""
    connection.settimeout(60.0)
    return connection.makefile("rb")
