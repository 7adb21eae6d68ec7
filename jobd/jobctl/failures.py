"""How `jobctl` ends: the exit codes, and the failure that carries one with what to say about it."""

from __future__ import annotations

DONE = 0
FAILED = 1  # the run or the operation
WRONG_USE = 2
NOT_FOUND = 3
NOT_PERMITTED = 4
NO_DAEMON = 5
CONFLICT = 6
TIMED_OUT = 7  # the waiting did; the run goes on
CANCELLED = 8
WRONG_CONFIGURATION = 9
INTERRUPTED = 130

_OF_STATUS = {
    400: WRONG_USE,
    403: NOT_PERMITTED,
    404: NOT_FOUND,
    408: WRONG_USE,
    409: CONFLICT,
    413: WRONG_USE,
    422: WRONG_CONFIGURATION,
}
_OF_STATE = {"succeeded": DONE, "cancelled": CANCELLED}


class Failure(Exception):
    """Ends `jobctl` with `exit_code`; `hint` is the next step, where one is known."""

    def __init__(self, exit_code: int, code: str, message: str, hint: str | None = None) -> None:
        self.exit_code, self.code, self.message, self.hint = exit_code, code, message, hint
        super().__init__(message)


def of_status(status: int) -> int:
    """The exit code for an answer of the daemon that is no success."""
    return _OF_STATUS.get(status, FAILED)


def of_state(state: str) -> int:
    """The exit code for a run that ended so."""
    return _OF_STATE.get(state, FAILED)
