"""`Client`: a daemon, for asyncio programs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from jobd.client import stream
from jobd.client.asks import jobs, queues, runs, schedules
from jobd.client.asks.ask import Ask
from jobd.client.asks.new_runs import new_run
from jobd.client.clock import Deadline
from jobd.client.connector import SocketConnector
from jobd.client.errors import NoAnswer
from jobd.client.place import place
from jobd.client.reading import read, refused
from jobd.client.stream import Event
from jobd.model.duration import Length
from jobd.model.reports import JobReport, QueueReport, ScheduleReport
from jobd.model.run import NewRun, Run, RunState

log = logging.getLogger(__name__)

T = TypeVar("T")

KEPT_SECONDS = 10.0
"""An idle connection is given up before the daemon gives it up, so that no request meets one that is being closed."""

LONGEST_LINE = 2 * 1_048_576
"""Of an event: a run with all of its arguments and its result."""
CONNECTIONS = 32
"""Half of what the daemon gives one user; further calls wait for one that is free."""


class Client:
    """The daemon behind a socket, or behind `url` with a `token`; many calls may be under way at once.

    `timeout` is how many seconds of silence of the daemon are no longer waited for.

    async with Client() as jobd:
        run = await jobd.enqueue("send-email", to="ada@example.com", subject="Hello")

    Every call may raise NotRunning, NoAnswer, NotPermitted, Refused and StoreUnavailable (see `jobd.client.errors`).
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
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        there = self._place
        self._session = aiohttp.ClientSession(
            there.url or "http://jobd",
            connector=aiohttp.TCPConnector(keepalive_timeout=KEPT_SECONDS, limit=CONNECTIONS)
            if there.socket is None
            else SocketConnector(there, keepalive_timeout=KEPT_SECONDS, limit=CONNECTIONS),
            headers={"Authorization": f"Bearer {there.token}"} if there.token else {},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def enqueue(
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
        """Add one run and return its id, or that of the run which has `key` already.

        What the job's function takes stands beside the options; where it takes one of their names, pass a NewRun.
        `delay` is a timedelta, seconds, or a text like "5m".

        Raises:
            ArgumentsRefused, UnknownJob, UnknownQueue, Conflict: it was not added; a disabled job is a Conflict.
        """
        body = new_run(job, args, queue=queue, priority=priority, delay=delay, at=at, key=key)
        return await self.ask(runs.enqueue(body))

    async def enqueue_many(self, new: Iterable[NewRun]) -> list[int]:
        """Add runs, a thousand a request; their ids in the order given.

        A request is all or nothing, but for runs with a key or of a `unique` job, which are added one by one. When one
        is refused, those of the requests before it stay.
        """
        ids: list[int] = []
        for ask in runs.enqueue_many(new):
            added = await self.ask(ask)
            ids += added
        return ids

    async def run(self, run: int) -> Run:
        """One run whole, with its attempts.

        Raises:
            NotFound: there is none of that id, or history has forgotten it.
        """
        return await self.ask(runs.one(run))

    async def wait(self, run: int, timeout: float | None = None) -> Run:
        """The run, as soon as it has ended; how it did is for the caller to look at.

        Raises:
            NotFound: there is none of that id.
            TimeoutError: it has not ended within `timeout` seconds; it goes on.
        """
        deadline = Deadline(run, timeout)
        while True:
            found = await self.ask(runs.wait(run, deadline.step()))
            if found.state.final:
                return found
            deadline.check(found)

    async def follow(self, run: int) -> AsyncIterator[Run]:
        """The run as it is, again each time that it has changed, and last as it ended."""
        shown = await self.run(run)
        yield shown
        while not shown.state.final:
            found = await self.ask(runs.wait(run, runs.LOOK_SECONDS))
            if found != shown:
                shown = found
                yield shown

    async def cancel(self, run: int, reason: str | None = None) -> RunState:
        """Ask for a run's end: CANCELLED when it ended by this, RUNNING when its node was asked.

        Raises:
            NotFound: there is none of that id.
            Conflict: it has ended already.
        """
        return await self.ask(runs.cancel(run, reason))

    async def retry(self, run: int, reason: str | None = None) -> int:
        """Start an ended run again as a new one, whose id it is; a scheduled one is due now and keeps its id.

        Raises:
            NotFound: there is none of that id.
            Conflict: it is queued or running, or its job is gone.
        """
        return await self.ask(runs.retry(run, reason))

    async def events(
        self, *, runs: Collection[int] = (), kinds: Collection[str] = (), after: str | None = None
    ) -> AsyncIterator[Event]:
        """What happens, as it happens, of these runs and kinds; without any it is everything.

        A `snapshot` comes first, and again where something was missed: it says how things stand. A broken connection is
        made again and goes on where it was; so does a call with the id of the last event as `after`.
        """
        lines = stream.Lines(after)
        while True:
            async with self._stream(stream.path(runs, kinds), lines.last) as answer:
                try:
                    async for line in answer.content:
                        if event := lines.take(line):
                            yield event
                except (aiohttp.ClientError, TimeoutError, OSError):
                    log.debug("the stream of events broke off", exc_info=True)
            lines.broken()
            await asyncio.sleep(stream.AGAIN_SECONDS)

    async def jobs(self) -> list[JobReport]:
        return await self.ask(jobs.listed())

    async def job(self, name: str) -> JobReport:
        """One job; UnknownJob when there is none of that name."""
        return await self.ask(jobs.one(name))

    async def schedules(self) -> list[ScheduleReport]:
        return await self.ask(schedules.listed())

    async def queues(self) -> list[QueueReport]:
        return await self.ask(queues.listed())

    async def ask(self, ask: Ask[T]) -> T:
        """The answer to anything that `jobd.client.asks` knows to ask: `await jobd.ask(queues.pause("low"))`."""
        session = self._open()
        headers = {"Content-Type": "application/json"} if ask.body is not None else None
        # not `total`, which would count the wait for a free connection
        limit = aiohttp.ClientTimeout(sock_connect=self._timeout, sock_read=self._timeout + ask.patience)
        try:
            async with session.request(
                ask.method, ask.path, data=ask.body, headers=headers, timeout=limit, allow_redirects=False
            ) as answer:
                raw = await answer.read()
        except aiohttp.ClientConnectorError as error:
            raise self._place.not_running(error.os_error) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(f"no whole answer from jobd at {self._place}: {str(error) or 'it took too long'}") from error
        return read(ask, answer.status, raw)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            raise RuntimeError("a Client is used inside its block: async with Client() as jobd")
        return self._session

    @asynccontextmanager
    async def _stream(self, path: str, after: str | None) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that does not end; what goes wrong inside the block is the caller's."""
        limit = aiohttp.ClientTimeout(sock_connect=self._timeout, sock_read=stream.QUIET_SECONDS)
        headers = {"Last-Event-ID": after} if after else {}
        try:
            answer = await self._open().get(path, headers=headers, timeout=limit, read_bufsize=LONGEST_LINE)
        except aiohttp.ClientConnectorError as error:
            raise self._place.not_running(error.os_error) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(f"no whole answer from jobd at {self._place}: {str(error) or 'it took too long'}") from error
        async with answer:
            if answer.status != 200 or answer.content_type != "text/event-stream":
                raise refused(answer.status, await answer.read())
            yield answer
