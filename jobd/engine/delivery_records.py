"""What delivery writes down: one statement at a time, with all that gathered while the last one ran."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from jobd.engine.loops import Patience
from jobd.errors import StoreUnavailable
from jobd.model.message import Message, MessageState
from jobd.store.outbox import Outbox, Verdict

BATCH = 500

Settled = Callable[[Verdict, MessageState | None], None]
"""Told of each verdict that was recorded; None when somebody else had decided on the message meanwhile."""


class Dots:
    """Commits, in groups, that final dots are about to be written. `run` must run beside its callers."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._waiting: list[tuple[int, Message, asyncio.Future[bool]]] = []
        self._some = asyncio.Event()

    async def commit(self, node: int, message: Message) -> bool:
        """True once it is committed that the dot may be written; False when `message` is no longer ours.

        Raises:
            StoreUnavailable: it is not known whether that was committed; the dot must not be written.
        """
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((node, message, answer))
        self._some.set()
        return await answer

    async def run(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            waiting, self._waiting = self._waiting, []
            for node in {node for node, _, _ in waiting}:
                await self._commit(node, [(message, answer) for owner, message, answer in waiting if owner == node])

    async def _commit(self, node: int, waiting: list[tuple[Message, asyncio.Future[bool]]]) -> None:
        try:
            ours = await self._outbox.dot_sent(node, [message for message, _ in waiting])
        except StoreUnavailable as error:
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        for message, answer in waiting:
            if not answer.done():  # its sender was cancelled meanwhile
                answer.set_result(message.id in ours)


class Records:
    """Verdicts on their way to Postgres, kept through outages. `run` must run beside its callers."""

    def __init__(self, outbox: Outbox, give_up_after: timedelta, settled: Settled) -> None:
        self._outbox, self._give_up_after, self._settled = outbox, give_up_after, settled
        self._waiting: list[Verdict] = []
        self._some = asyncio.Event()

    def add(self, verdict: Verdict) -> None:
        """Record `verdict` soon."""
        self._waiting.append(verdict)
        self._some.set()

    async def run(self) -> None:
        patience = Patience("deliver.records")
        while True:
            await self._some.wait()
            self._some.clear()
            try:
                await self.flush()
            except StoreUnavailable as error:
                self._some.set()
                await patience.failure(error)
            else:
                patience.success()

    async def flush(self) -> None:
        """Record everything that waits.

        Raises:
            StoreUnavailable: some of it still waits.
        """
        while batch := self._waiting[:BATCH]:
            states = await self._outbox.settle(batch, give_up_after=self._give_up_after)
            del self._waiting[: len(batch)]
            for verdict in batch:
                self._settled(verdict, states.get(verdict.id))
