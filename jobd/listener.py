"""Who listens at a Unix socket, asked of the kernel before anything is said to them.

For `jobctl` and the clients alike, so nothing heavy: pathlib would be a tenth of the time that jobctl takes to start.
"""
# ruff: noqa: PTH100, PTH116, PTH120

from __future__ import annotations

import os
import socket
import struct

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


def stranger(connection: socket.socket, path: str) -> int | None:
    """The uid that listens at `path`, where `connection` leads, when it is none to be trusted.

    That is anybody but root, us and the owner of the directory: they put a socket there to be talked to.
    """
    _, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    trusted = uid in (0, os.geteuid(), os.stat(os.path.dirname(os.path.abspath(path))).st_uid)
    return None if trusted else uid


def strange(path: str, uid: int) -> str:
    """What is said about it."""
    return f"{path} is served by uid {uid}, who is neither you nor the owner of its directory: not sent"
