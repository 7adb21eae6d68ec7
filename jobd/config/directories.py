"""Where a daemon keeps its files when nobody says so, and what relative paths are relative to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path as FilePath

from jobd.config.layers import Merged
from jobd.config.positions import Path

SYSTEM_STATE = FilePath("/var/lib/jobd")
SERVICE_SOCKET = FilePath("/run/jobd/jobd.sock")


def state_directory(environ: Mapping[str, str]) -> FilePath:
    """systemd's $STATE_DIRECTORY, else /var/lib/jobd when it is ours to write, else the user's own."""
    if given := environ.get("STATE_DIRECTORY"):
        return FilePath(given.split(":")[0])
    if os.geteuid() == 0 or os.access(SYSTEM_STATE, os.W_OK):
        return SYSTEM_STATE
    home = environ.get("HOME") or str(FilePath.home())
    return FilePath(environ.get("XDG_STATE_HOME") or f"{home}/.local/state") / "jobd"


def socket_path(environ: Mapping[str, str], state: FilePath) -> FilePath:
    """`jobd.sock` in systemd's $RUNTIME_DIRECTORY, else in the state directory."""
    given = environ.get("RUNTIME_DIRECTORY")
    return (FilePath(given.split(":")[0]) if given else state) / "jobd.sock"


def listening(socket: FilePath, state: FilePath) -> FilePath:
    """Where the daemon of these settings is heard.

    Only the service itself knows that systemd gave it a directory for its socket; a command beside it has to look.
    """
    left_alone = state == SYSTEM_STATE and socket == socket_path({}, state)
    return SERVICE_SOCKET if left_alone and not os.path.lexists(socket) and os.path.lexists(SERVICE_SOCKET) else socket


def resolved(merged: Merged, path: Path, written: str) -> FilePath:
    """The absolute path that `written` at the key `path` means.

    Relative to the directory of the main file, in drop-ins too; in the environment, to the working directory.
    """
    layer = merged.given(path)
    expanded = os.path.expanduser(written)  # noqa: PTH111 - Path.expanduser raises for an unknown user
    return ((layer.directory if layer else FilePath()) / expanded).absolute()
