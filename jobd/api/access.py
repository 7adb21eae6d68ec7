"""Who asks: the peer of the Unix socket as the kernel names it, or the holder of a token; and what they may."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from jobd.model.change import Actor
from jobd.model.roles import Role

_UCRED = struct.Struct("3i")  # pid, uid, gid: struct ucred of <sys/socket.h>


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end of a Unix socket, when it connected."""

    pid: int
    uid: int
    gid: int
    """Its primary group; the others are looked up by its user's name."""


async def for_now() -> bool:
    """Of callers who are not asked again, for they get one answer."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks. `role` is absent for somebody who may nothing."""

    actor: Actor
    role: Role | None
    still: Callable[[], Awaitable[bool]] = field(compare=False)
    """False once they would be let in no more: for answers that go on for hours."""

    @property
    def source(self) -> str:
        """As runs remember it: `api uid:1000`."""
        return self.actor.source

    def may(self, role: Role) -> bool:
        return self.role is not None and self.role >= role


RoleOf = Callable[[int, int], Awaitable[Role | None] | Role | None]
"""(uid, primary gid) → role."""


def own_and_root(uid: int, gid: int) -> Role | None:
    """The daemon's own user and root may everything, everybody else nothing."""
    return Role.ADMIN if uid in (0, os.geteuid()) else None


def peer(connection: socket.socket | None) -> Peer | None:
    """Who is at the other end; None when the connection is gone or no Unix socket."""
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    return Peer(*_UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)))
