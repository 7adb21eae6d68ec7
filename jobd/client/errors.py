"""What a client raises, and which answer of the daemon becomes which error.

    JobdError
    ├── ClientError
    │   ├── NotRunning         nobody listens there, or not the daemon: nothing was asked
    │   ├── NoAnswer           the daemon was asked and its answer did not come: it may have done it
    │   ├── NotPermitted       it does not do this for you
    │   └── Refused            it does not take this request; `code` says why, for programs
    ├── ArgumentsRefused       as inside the daemon, where the words are the same: see `jobd.errors`
    ├── UnknownJob
    ├── UnknownQueue
    ├── NotFound
    ├── Conflict
    ├── StoreUnavailable
    └── StoreRefused
"""

from __future__ import annotations

from typing import Any

from jobd.errors import (
    ArgumentsRefused,
    Conflict,
    JobdError,
    NotFound,
    StoreRefused,
    StoreUnavailable,
    UnknownJob,
    UnknownQueue,
)


class ClientError(JobdError):
    """Base of what only a client meets."""


class NotRunning(ClientError):
    """No daemon is to be reached there; the message ends in what to try."""


class NoAnswer(ClientError):
    """The request was sent and no whole answer came: whether it was done is not known.

    An enqueue with a `key` can be asked again: it answers with the first run.
    """


class NotPermitted(ClientError):
    """The daemon knows who asks and does not let them."""


class Refused(ClientError):
    """The daemon does not take the request, or answers with something that is no answer of jobd."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code = status, code
        super().__init__(message)


_BY_CODE: dict[str, type[JobdError]] = {
    "arguments_refused": ArgumentsRefused,
    "unknown_job": UnknownJob,
    "unknown_queue": UnknownQueue,
    "not_found": NotFound,
    "conflict": Conflict,
    "store_unavailable": StoreUnavailable,
    "store_refused": StoreRefused,
    "forbidden": NotPermitted,
    "unauthorized": NotPermitted,
}
_BY_STATUS: dict[int, type[JobdError]] = {401: NotPermitted, 403: NotPermitted, 409: Conflict, 503: StoreUnavailable}


def refusal(status: int, body: Any) -> JobdError:
    """The error that an answer with this status stands for; `body` is its JSON, None when it is none."""
    said = body.get("error") if isinstance(body, dict) else None
    if not isinstance(said, dict):
        return Refused(status, "bad_answer", f"what answers there is no jobd: status {status}")
    code, message, hint = str(said.get("code")), str(said.get("message")), said.get("hint")
    text = f"{message}; {hint}" if hint else message
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status)
    return Refused(status, code, text) if kind is None else kind(text)
