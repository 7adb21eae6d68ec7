"""Why there is no answer, and the command to try."""
# pathlib would be a tenth of the time that jobctl takes to start
# ruff: noqa: PTH112, PTH116

from __future__ import annotations

import os
import stat

from jobd.jobctl.failures import NO_DAEMON, NOT_PERMITTED, Failure
from jobd.listener import strange


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
        case ConnectionRefusedError() if not _is_socket(path):
            reason = f"{path} is {'a directory' if os.path.isdir(path) else 'a file'}, no socket"
            return Failure(NO_DAEMON, "no_daemon", reason, "a daemon's is called jobd.sock, in its state directory")
        case ConnectionRefusedError():
            reason = f"jobd is not running: nobody listens at {path}, a daemon ended there without cleaning up"
            return Failure(NO_DAEMON, "no_daemon", reason, _start())
        case PermissionError():
            return Failure(NOT_PERMITTED, "not_permitted", f"you may not use {path}{_owner(path)}", "sudo jobctl …")
        case BlockingIOError():  # nothing was sent
            reason = f"jobd takes up no connection at {path}: too many wait there, it is stuck"
            return Failure(NO_DAEMON, "no_daemon", reason, _stuck())
        case TimeoutError():
            reason = f"jobd does not answer at {path}: it listens but is stuck"
            return Failure(NO_DAEMON, "no_answer", reason, _stuck())
        case ConnectionResetError():
            reason = f"jobd closed the connection at {path}: it stops, or you have too many open"
            return Failure(NO_DAEMON, "no_answer", reason, "jobctl status tells when it is back")
    reason = str(error) if error.strerror is None else error.strerror
    return Failure(NO_DAEMON, "no_daemon", f"jobd is not to be reached at {path}: {reason}", _start())


def undecided(failure: Failure) -> Failure:
    """A request that changes something had no whole answer: whether it was done nobody here knows."""
    if failure.code not in ("no_answer", "gone", "broken_answer"):
        return failure
    hint = "look with jobctl runs and jobctl audit before you repeat it; a trigger with --key can be repeated"
    return Failure(failure.exit_code, failure.code, f"{failure.message}; it may still be done", hint)


def strange_owner(path: str, uid: int) -> Failure:
    """Somebody else than the daemon's user listens there."""
    return Failure(
        NOT_PERMITTED,
        "strange_socket",
        strange(path, uid),
        "check who put it there; --socket PATH names the right one",
    )


def _start() -> str:
    return "systemctl start jobd?" if _has_systemd() else "systemctl start jobd? or jobd run"


def _stuck() -> str:
    if _has_systemd():
        return "journalctl -u jobd says what it does; systemctl restart jobd?"
    return "its log says what it does; stop it, then jobd run"


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return True


def _has_systemd() -> bool:
    return os.path.isdir("/run/systemd/system")


def _owner(path: str) -> str:
    try:
        info = os.stat(path)
    except OSError:
        return f": its directory is closed to uid {os.geteuid()}"
    return f": it belongs to uid {info.st_uid}, gid {info.st_gid}, mode {stat.S_IMODE(info.st_mode):04o}"
