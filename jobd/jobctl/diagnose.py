"""Why there is no answer, and the command to try."""
# pathlib would be a tenth of the time that jobctl takes to start
# ruff: noqa: PTH112, PTH116

from __future__ import annotations

import os
import stat

from jobd.jobctl.failures import NO_DAEMON, NOT_PERMITTED, Failure


def no_socket(places: list[str]) -> Failure:
    """No daemon has a socket in any of the usual places."""
    return Failure(
        NO_DAEMON,
        "no_daemon",
        f"jobd is not running: no socket at {', '.join(places)}",
        f"{_start()}; if it is elsewhere: --socket PATH or JOBD_SOCKET",
    )


def no_answer(path: str, error: OSError) -> Failure:
    """The exchange failed: what that says about the daemon."""
    match error:
        case FileNotFoundError():
            return Failure(NO_DAEMON, "no_daemon", f"jobd is not running: no socket at {path}", _start())
        case ConnectionRefusedError():
            reason = f"jobd is not running: nobody listens at {path}, a daemon ended there without cleaning up"
            return Failure(NO_DAEMON, "no_daemon", reason, _start())
        case PermissionError():
            return Failure(NOT_PERMITTED, "not_permitted", f"you may not use {path}{_owner(path)}", "sudo jobctl …")
        case TimeoutError():
            reason = f"jobd does not answer at {path}: it listens but is stuck"
            return Failure(NO_DAEMON, "no_answer", reason, "journalctl -u jobd; it restarts itself after a minute")
        case ConnectionResetError():
            reason = f"jobd closed the connection at {path}: it stops, or you have too many open"
            return Failure(NO_DAEMON, "no_answer", reason, "try again")
    reason = str(error) if error.strerror is None else error.strerror
    return Failure(NO_DAEMON, "no_daemon", f"jobd is not to be reached at {path}: {reason}", _start())


def strange_owner(path: str, uid: int) -> Failure:
    """Somebody else than the daemon's user listens there."""
    return Failure(
        NOT_PERMITTED,
        "strange_socket",
        f"{path} is served by uid {uid}, who owns neither you nor the directory: not sent",
        "check who put it there; --socket PATH names the right one",
    )


def _start() -> str:
    if os.path.isdir("/run/systemd/system"):
        return "systemctl start jobd?"
    return "systemctl start jobd? or jobd run"


def _owner(path: str) -> str:
    try:
        info = os.stat(path)
    except OSError:
        return f": its directory is closed to uid {os.geteuid()}"
    return f": it belongs to uid {info.st_uid}, gid {info.st_gid}, mode {stat.S_IMODE(info.st_mode):04o}"
