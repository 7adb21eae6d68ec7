"""Where the daemon is: the Unix socket on this machine, or an address and a token."""

from __future__ import annotations

import os
import socket as sockets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from jobd.client.errors import NotRunning
from jobd.listener import strange, stranger


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Exactly one of `socket` and `url` is set."""

    socket: str | None = None
    url: str | None = None
    token: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return self.socket or self.url or ""

    def check(self, connection: sockets.socket) -> None:
        """Before anything is sent on a connection to the socket. Raises NotRunning when somebody else listens there."""
        assert self.socket is not None
        if (uid := stranger(connection, self.socket)) is not None:
            raise NotRunning(f"{strange(self.socket, uid)}; check who put it there")

    def not_running(self, error: OSError) -> NotRunning:
        """What it means that no connection can be made."""
        if self.socket is None:
            return NotRunning(f"no jobd is to be reached at {self.url}: {error}; see [api] listen of its jobd.toml")
        if isinstance(error, PermissionError):
            return NotRunning(f"uid {os.geteuid()} may not use {self.socket}; join the group that owns it")
        reason = "nobody listens at" if isinstance(error, ConnectionRefusedError) else "no socket at"
        return NotRunning(f"jobd is not running: {reason} {self.socket}; systemctl start jobd?")


def place(socket: str | Path | None, url: str | None, token: str | None) -> Place:
    """What the caller says, else $JOBD_SOCKET, else where a daemon puts its socket by default.

    Raises:
        ValueError: socket and url, or a url that is none, or one that would send the token in the clear.
        NotRunning: nothing was said, and there is no socket in any of the usual places.
    """
    if url is None:
        return Place(socket=os.fspath(socket) if socket is not None else _usual(), token=token)
    if socket is not None:
        raise ValueError("give a socket or a url, not both")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError(f"{url!r}: write it like https://jobd.example:8443")
    if token is not None and parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError(f"{url!r}: anybody on the way could read the token; use https")
    return Place(url=f"{parts.scheme}://{parts.netloc}", token=token)


def _usual() -> str:
    if given := os.environ.get("JOBD_SOCKET"):
        return given
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    state = os.environ.get("XDG_STATE_HOME") or os.fspath(Path("~/.local/state").expanduser())
    directories = [runtime, "/run/jobd", "/var/lib/jobd", f"{state}/jobd"]
    places = [Path(directory, "jobd.sock") for directory in directories if directory]
    for path in places:
        if _may_be(path):
            return str(path)
    raise NotRunning(f"jobd is not running: no socket at {', '.join(map(str, places))}; else give its path")


def _may_be(path: Path) -> bool:
    try:
        path.lstat()
    except PermissionError:
        return True  # connecting will say who may
    except OSError:
        return False
    return True
