"""What a Textual application that draws for a browser says on its standard output, and what it hears."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

PRELUDE = b"__GANGLION__\n"
"""The first line; what comes before it was said by somebody else."""
DATA, META = b"D", b"M"
MOST_COLUMNS, MOST_ROWS = 500, 200


async def packets(stream: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, bytes]]:
    """Kind and content of each packet, until the end of the stream."""
    try:
        await stream.readuntil(PRELUDE)
        while True:
            kind = await stream.readexactly(1)
            length = int.from_bytes(await stream.readexactly(4), "big")
            yield kind, await stream.readexactly(length)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return


def is_exit(content: bytes) -> bool:
    """Whether a META packet says that the application ends."""
    found = json.loads(content)
    return isinstance(found, dict) and found.get("type") == "exit"


def typed(text: str) -> bytes:
    """The packet for keys, mouse and pasted text."""
    return _packet(DATA, text.encode("utf-8", "replace"))


def meta(kind: str, **facts: Any) -> bytes:
    """The packet for anything else."""
    return _packet(META, json.dumps({"type": kind, **facts}).encode())


def heard(text: str) -> bytes | None:
    """The packet for a message of the browser; None for one that says nothing to the application."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match message:
        case ["stdin", str(keys)]:
            return typed(keys)
        case ["resize", {"width": int(width), "height": int(height)}]:
            columns, rows = within(width, height)
            return meta("resize", width=columns, height=rows)
        case ["focus" | "blur" as kind, *_]:
            return meta(kind)
    return None


def within(columns: int, rows: int) -> tuple[int, int]:
    """A size that a screen may have: no visitor orders one that fills the memory."""
    return max(1, min(columns, MOST_COLUMNS)), max(1, min(rows, MOST_ROWS))


def _packet(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "big") + content
