"""Who may: the peer of the Unix socket as the kernel names it, and the role that its uid has."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

from jobd.model.roles import Role

_UCRED = struct.Struct("3i")  # pid, uid, gid: struct ucred of <sys/socket.h>


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks. `role` is absent for somebody who may nothing."""

    pid: int
    uid: int
    gid: int
    role: Role | None

    @property
    def source(self) -> str:
        """As runs remember it: `api uid:1000`."""
        return f"api uid:{self.uid}"

    def may(self, role: Role) -> bool:
        return self.role is not None and self.role >= role


RoleOf = Callable[[int, int], Role | None]
"""(uid, gid) → role; the configuration's groups and tokens will be further ones."""


def own_and_root(uid: int, gid: int) -> Role | None:
    """The daemon's own user and root may everything, everybody else nothing."""
    return Role.ADMIN if uid in (0, os.geteuid()) else None


def caller(connection: socket.socket | None, role_of: RoleOf = own_and_root) -> Caller | None:
    """Who is at the other end; None when the connection is gone or no Unix socket."""
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    pid, uid, gid = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Caller(pid=pid, uid=uid, gid=gid, role=role_of(uid, gid))
