"""One request to the daemon and its answer, over the Unix socket.

HTTP/1.1 by hand, for one exchange a connection: `http.client` brings the mail parser and TLS along and would be half
of what `jobctl status` takes to start.
"""
# pathlib would be a tenth of the time that jobctl takes to start
# ruff: noqa: PTH111, PTH118

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress

from jobd.jobctl.diagnose import no_answer, no_socket, strange_owner, undecided
from jobd.jobctl.failures import FAILED, NO_DAEMON, WRONG_USE, Failure, of_status
from jobd.listener import stranger

TYPE_CHECKING = False
if TYPE_CHECKING:  # not at run time: typing would be a twentieth of the time that jobctl takes to start
    from collections.abc import Iterator
    from typing import Any

SECONDS = 10.0
"""How long a silent daemon is waited for, beyond what the request itself may take."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")


class Daemon:
    """The daemon behind a socket."""

    def __init__(self, path: str | None = None) -> None:
        self.path = path or socket_path()
        self.seconds = SECONDS

    def get(self, path: str, *, patience: float = 0.0, **query: str | int | float | None) -> Any:
        """The JSON answer to a GET; `patience` is how long the daemon may take on purpose.

        Raises:
            Failure: no daemon, or an answer that is no success.
        """
        asked = "&".join(f"{name}={quoted(str(value))}" for name, value in query.items() if value is not None)
        return self._ask("GET", f"{path}?{asked}" if asked else path, b"", patience)

    def post(self, path: str, body: str = "{}") -> Any:
        """The JSON answer to a POST of a JSON text. Raises as `get` does."""
        return self._ask("POST", path, body.encode(), 0.0)

    def ask(self, method: str, path: str, body: str = "") -> Any:
        """The JSON answer to any request. Raises as `get` does."""
        return self._ask(method, path, body.encode(), 0.0)

    def stream(self, path: str, *, last: str | None = None) -> Iterator[Any]:
        """The events of a stream, after the one with the id `last`; ends when the daemon does. Raises as `get` does."""
        from jobd.jobctl.stream import events, head_of, patient

        more = f"Accept: text/event-stream\r\n{f'Last-Event-ID: {last}' + chr(13) + chr(10) if last else ''}"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                self._request(connection, _head("GET", path, 0, more), 0.0)
                with patient(connection) as answer:
                    head = head_of(answer)
                    if not head.startswith(b"HTTP/1.1 200"):
                        _answer(head + answer.read())
                    yield from events(answer, chunked=b"transfer-encoding: chunked" in head.lower())
        except OSError as error:
            raise no_answer(self.path, error) from error

    def _ask(self, method: str, target: str, body: bytes, patience: float) -> Any:
        try:
            return self._exchange(method, target, body, patience)
        except Failure as failure:
            raise failure if method == "GET" else undecided(failure) from None

    def _exchange(self, method: str, target: str, body: bytes, patience: float) -> Any:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                self._request(connection, _head(method, target, len(body)) + body, patience)
                raw = _everything(connection)
        except OSError as error:
            raise no_answer(self.path, error) from error
        return _answer(raw)

    def _request(self, connection: socket.socket, request: bytes, patience: float) -> None:
        connection.settimeout(self.seconds + patience)
        connection.connect(self.path)
        if (uid := stranger(connection, self.path)) is not None:
            raise strange_owner(self.path, uid)
        _send(connection, request)


def socket_path() -> str:
    """$JOBD_SOCKET, else the first of the places where a daemon puts its socket that has one.

    Raises:
        Failure: none of them has.
    """
    if given := os.environ.get("JOBD_SOCKET"):
        return given
    places = _places()
    for place in places:
        try:
            os.lstat(place)
        except PermissionError:
            return place  # it may be there; connecting will say who may
        except OSError:
            continue
        return place
    raise no_socket(places)


def quoted(text: str) -> str:
    """`text` fit for a path or a query of a URL."""
    return "".join(chr(b) if chr(b) in _PLAIN else f"%{b:02X}" for b in text.encode("utf-8", "surrogateescape"))


def _places() -> list[str]:
    environ = os.environ
    state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local/state")
    runtime = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    directories = [runtime, "/run/jobd", "/var/lib/jobd", os.path.join(state, "jobd")]
    return [os.path.join(directory, "jobd.sock") for directory in directories if directory]


def _head(method: str, target: str, length: int, more: str = "") -> bytes:
    if not target.isascii() or not target.isprintable() or " " in target or not more.isascii():
        hint = "write it percent-encoded, like /v1/runs?job=a%20b"
        raise Failure(WRONG_USE, "usage", f"{target[:80]}: no path", hint)
    return (
        f"{method} {target} HTTP/1.1\r\nHost: jobd\r\nConnection: close\r\n{more}"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode("ascii")


def _send(connection: socket.socket, request: bytes) -> None:
    with suppress(BrokenPipeError):  # refused before all of it was read: the answer says why and can be read
        connection.sendall(request)


def _everything(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def _answer(raw: bytes) -> Any:
    """The JSON of an HTTP answer.

    Raises:
        Failure: it is no success, or not whole.
    """
    if not raw:
        hint = "systemctl status jobd; what was asked to run goes on when it is back"
        raise Failure(NO_DAEMON, "gone", "the daemon ended the connection without an answer", hint)
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    try:
        status, length = int(first.split()[1]), int(fields.get("content-length", len(body)))
    except (IndexError, ValueError):
        raise Failure(FAILED, "bad_answer", "what answers there is no jobd") from None
    if len(body) < length:
        raise Failure(FAILED, "broken_answer", "the daemon's answer broke off", "see the daemon's log")
    try:
        value = json.loads(body)
    except ValueError:
        text = body[:200].decode(errors="replace").strip()
        raise Failure(of_status(status), "bad_answer", f"the daemon answered {status}: {text}") from None
    if status >= 400:
        error = value["error"] if isinstance(value, dict) and "error" in value else {}
        raise Failure(of_status(status), error.get("code", "error"), error.get("message", first), error.get("hint"))
    return value
