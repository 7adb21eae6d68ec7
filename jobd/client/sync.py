"""`SyncClient`: a daemon, for programs without asyncio; the standard library alone."""

from __future__ import annotations

import http.client
import logging
import socket
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from jobd.client import stream
from jobd.client.asks import jobs, queues, runs, schedules
from jobd.client.asks.ask import Ask
from jobd.client.asks.new_runs import new_run
from jobd.client.clock import Deadline
from jobd.client.errors import NoAnswer
from jobd.client.place import Place, place
from jobd.client.reading import read, refused
from jobd.client.stream import Event
from jobd.model.duration import Length
from jobd.model.reports import JobReport, QueueReport, ScheduleReport
from jobd.model.run import NewRun, Run, RunState

log = logging.getLogger(__name__)

T = TypeVar("T")


class SyncClient:
    """As `Client`, one request after the other; each has a connection of its own, so threads may share it.

    jobd = SyncClient()
    run = jobd.enqueue("send-email", to="ada@example.com", subject="Hello")
    """

    def __init__(
        self,
        socket: str | Path | None = None,
        *,
        url: str | None = None,
        token: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        self._place = place(socket, url, token)
        self._timeout = timeout

    def enqueue(
        self,
        job: str | NewRun,
        /,
        *,
        queue: str | None = None,
        priority: int | None = None,
        delay: Length | None = None,
        at: datetime | None = None,
        key: str | None = None,
        **args: Any,
    ) -> int:
        """Add one run and return its id, or that of the run which has `key` already. As `Client.enqueue`."""
        body = new_run(job, args, queue=queue, priority=priority, delay=delay, at=at, key=key)
        return self.ask(runs.enqueue(body))

    def enqueue_many(self, new: Iterable[NewRun]) -> list[int]:
        """Add runs, a thousand a request; their ids in the order given. As `Client.enqueue_many`."""
        return [run for ask in runs.enqueue_many(new) for run in self.ask(ask)]

    def run(self, run: int) -> Run:
        """One run whole; NotFound when there is none of that id."""
        return self.ask(runs.one(run))

    def wait(self, run: int, timeout: float | None = None) -> Run:
        """The run, as soon as it has ended; TimeoutError when it has not within `timeout` seconds."""
        deadline = Deadline(run, timeout)
        while True:
            found = self.ask(runs.wait(run, deadline.step()))
            if found.state.final:
                return found
            deadline.check(found)

    def follow(self, run: int) -> Iterator[Run]:
        """The run as it is, again each time that it has changed, and last as it ended."""
        shown = self.run(run)
        yield shown
        while not shown.state.final:
            found = self.ask(runs.wait(run, runs.LOOK_SECONDS))
            if found != shown:
                shown = found
                yield shown

    def cancel(self, run: int, reason: str | None = None) -> RunState:
        """CANCELLED when it ended by this, RUNNING when its node was asked; Conflict when it has ended already."""
        return self.ask(runs.cancel(run, reason))

    def retry(self, run: int, reason: str | None = None) -> int:
        """The id of a new run for an ended one, its own for a scheduled one that is due now; Conflict for others."""
        return self.ask(runs.retry(run, reason))

    def events(
        self, *, runs: Collection[int] = (), kinds: Collection[str] = (), after: str | None = None
    ) -> Iterator[Event]:
        """What happens, as it happens, of these runs and kinds; as `Client.events`."""
        lines = stream.Lines(after)
        while True:
            try:
                for line in self._stream(stream.path(runs, kinds), lines.last):
                    if event := lines.take(line):
                        yield event
            except (OSError, http.client.HTTPException):
                log.debug("the stream of events broke off", exc_info=True)
            lines.broken()
            time.sleep(stream.AGAIN_SECONDS)

    def jobs(self) -> list[JobReport]:
        return self.ask(jobs.listed())

    def job(self, name: str) -> JobReport:
        """One job; UnknownJob when there is none of that name."""
        return self.ask(jobs.one(name))

    def schedules(self) -> list[ScheduleReport]:
        return self.ask(schedules.listed())

    def queues(self) -> list[QueueReport]:
        return self.ask(queues.listed())

    def ask(self, ask: Ask[T]) -> T:
        """The answer to anything that `jobd.client.asks` knows to ask; as `Client.ask`."""
        headers = self._headers()
        if ask.body is not None:
            headers["Content-Type"] = "application/json"
        with self._connected(self._timeout + ask.patience) as connection:
            try:
                with suppress(BrokenPipeError):  # refused before all of it was read: the answer says why
                    connection.request(ask.method, ask.path, body=ask.body, headers=headers)
                answer = connection.getresponse()
                raw = answer.read()
            except (OSError, http.client.HTTPException) as error:
                said = str(error) or type(error).__name__
                raise NoAnswer(f"no whole answer from jobd at {self._place}: {said}") from error
        return read(ask, answer.status, raw)

    def _stream(self, path: str, after: str | None) -> Iterator[bytes]:
        """The lines of an answer that does not end."""
        headers = {**self._headers(), **({"Last-Event-ID": after} if after else {})}
        with self._connected(stream.QUIET_SECONDS) as connection:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            if answer.status != 200 or answer.headers.get_content_type() != "text/event-stream":
                raise refused(answer.status, answer.read())
            yield from answer

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._place.token}"} if self._place.token else {}

    @contextmanager
    def _connected(self, silence: float) -> Iterator[http.client.HTTPConnection]:
        """A connection on which the daemon may be silent for so long."""
        with closing(self._connection(self._timeout)) as connection:
            try:
                connection.connect()
            except OSError as error:
                raise self._place.not_running(error) from error
            connection.sock.settimeout(silence)
            yield connection

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        if self._place.socket is not None:
            return _UnixConnection(self._place, self._place.socket, timeout)
        parts = urlsplit(self._place.url or "")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=timeout)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over the control socket."""

    def __init__(self, there: Place, path: str, timeout: float) -> None:
        super().__init__("jobd", timeout=timeout)
        self._place, self._path = there, path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
        self._place.check(self.sock)
