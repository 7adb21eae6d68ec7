"""The duty that carries the outbox to the mail server."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from jobd.clients.smtp import Deferred, Session, Withdrawn
from jobd.engine.delivery_pace import Pace
from jobd.engine.delivery_records import Dots, Records
from jobd.engine.delivery_verdicts import held_kinds, verdict_on
from jobd.engine.loops import Patience
from jobd.errors import StoreUnavailable
from jobd.model.message import Message, MessageState
from jobd.model.settings import MailSettings
from jobd.store.outbox import Outbox, Verdict

log = logging.getLogger(__name__)

IDLE = timedelta(seconds=5)
"""An unused connection is given back to the server after this."""
STOPPING = timedelta(seconds=5)
"""How long a stop waits for messages in the middle of their conversation."""
LOST_ANSWER = timedelta(seconds=90)
"""A `take` whose answer was lost cannot land any more after this: three statement timeouts."""
DISABLED = "mail is disabled: [mail] enabled = false"


async def deliver(
    outbox: Outbox,
    settings: MailSettings,
    node: Callable[[], int | None],
    wake: asyncio.Event,
    *,
    stopping: timedelta = STOPPING,
) -> None:
    """Send what is due, until cancelled; looks at the outbox only when `wake` is set.

    `node` is asked for this node's id before each look, None while it has none: then nothing is taken. Waits
    through outages of Postgres. When cancelled it ends within twice `stopping`: conversations are finished or
    broken off, and every message in hand is recorded, given back, or left for the rescue of a gone node.
    """
    if settings.enabled:
        await Delivery(outbox, settings, node, wake, stopping).run()
    else:
        await _hold_all(outbox, wake)


async def _hold_all(outbox: Outbox, wake: asyncio.Event) -> None:
    """Hold whatever becomes due; said once."""
    patience, said = Patience("deliver"), False
    while True:
        await wake.wait()
        wake.clear()
        try:
            while held := await outbox.hold_due(DISABLED):
                if not said:
                    log.warning("mail is disabled, messages are held", extra={"messages": held})
                    said = True
        except StoreUnavailable as error:
            wake.set()
            await patience.failure(error)
        else:
            patience.success()


class Delivery:
    """One node's delivery: it takes messages, senders carry them, clerks write down how it ended."""

    def __init__(
        self,
        outbox: Outbox,
        settings: MailSettings,
        node: Callable[[], int | None],
        wake: asyncio.Event,
        stopping: timedelta,
    ) -> None:
        self.outbox, self.settings, self.node, self.wake = outbox, settings, node, wake
        self._stop_seconds = stopping.total_seconds()
        self._dots = Dots(outbox)
        self._records = Records(outbox, settings.give_up_after, settled=self._settled)
        self._held: dict[tuple[int, int], int] = {}  # (message, tries) → the node it was taken for
        self._work: asyncio.Queue[tuple[int, Message] | None] = asyncio.Queue()  # None: the end
        self._room = asyncio.Event()
        self._stopping = asyncio.Event()
        self._pace = Pace(settings.rate, settings.retry_delay)
        self._reclaim_at: float | None = None

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            clerks = [group.create_task(clerk.run(), name="deliver.records") for clerk in (self._dots, self._records)]
            senders = [
                group.create_task(self._sender(), name="deliver.sender")
                for _ in range(max(1, self.settings.connections))
            ]
            try:
                await self._feed()
            finally:
                await self._stop(senders, clerks)

    async def _feed(self) -> None:
        """Take messages whenever there are some and there is room for them."""
        patience = Patience("deliver")
        while True:
            await self._woken()
            try:
                await self._reclaim()
                await self._take_all()
            except StoreUnavailable as error:
                # the answer to a take may be lost: look later for messages that are ours without our knowing
                self._reclaim_at = time.monotonic() + LOST_ANSWER.total_seconds()
                self.wake.set()
                await patience.failure(error)
            else:
                patience.success()

    async def _woken(self) -> None:
        seconds = None if self._reclaim_at is None else max(0.0, self._reclaim_at - time.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.wake.wait()
                self.wake.clear()

    async def _reclaim(self) -> None:
        node = self.node()
        if node is None or self._reclaim_at is None or time.monotonic() < self._reclaim_at:
            return
        await self.outbox.reclaim(node, [message for message, _ in self._held], LOST_ANSWER)
        self._reclaim_at = None

    async def _take_all(self) -> None:
        """Take until nothing is due; in hand are two rounds of the senders, or a second of the rate."""
        limit = max(2 * self.settings.connections, min(200, int(self.settings.rate or 200)))
        while (node := self.node()) is not None:
            await self._have_room(limit // 2)
            room = limit - len(self._held)
            taken = await self.outbox.take(node, room)
            for message in taken:
                self._held[message.id, message.tries] = node
                self._work.put_nowait((node, message))
            if len(taken) < room:
                return

    async def _have_room(self, most: int) -> None:
        while len(self._held) > most:
            self._room.clear()
            await self._room.wait()

    async def _sender(self) -> None:
        """Carry one message after the other over one connection."""
        session = Session(self.settings)
        try:
            while not self._stopping.is_set():
                try:
                    async with asyncio.timeout(IDLE.total_seconds()):
                        work = await self._work.get()
                except TimeoutError:
                    await session.close()
                    continue
                if work is not None:
                    await self._carry(session, *work)
        finally:
            await session.close()

    async def _carry(self, session: Session, node: int, message: Message) -> None:
        await self._pace.turn(self._stopping)
        if self._stopping.is_set():
            return  # it is given back with all that was not begun
        try:
            result = await session.send(message, lambda: self._dots.commit(node, message))
        except StoreUnavailable as error:
            result = Deferred(reply=f"no final dot without Postgres: {error}"[:500])
        self._pace.notice(result)
        if isinstance(result, Withdrawn):
            log.warning("message went to another node before its dot", extra={"mail": message.id})
            self._let_go(message)
        else:
            self._records.add(verdict_on(message, result, self.settings))

    def _settled(self, recorded: Verdict, state: MessageState | None) -> None:
        """A verdict was recorded as `state`; None when somebody else had decided meanwhile."""
        if state not in (MessageState.SENT, None):
            facts = {"state": state.value, "tries": recorded.tries, "reply": recorded.reply}
            log.log(_LEVELS[state], "message not delivered", extra={"mail": recorded.id, **facts})
        self._let_go(recorded)

    def _let_go(self, taking: Message | Verdict) -> None:
        self._held.pop((taking.id, taking.tries), None)
        self._room.set()

    async def _stop(self, senders: list[asyncio.Task[None]], clerks: list[asyncio.Task[None]]) -> None:
        """Let conversations end, break off those that do not, record what is known and give back the rest."""
        self._stopping.set()
        while not self._work.empty():
            self._work.get_nowait()
        for _ in senders:
            self._work.put_nowait(None)
        _, hanging = await asyncio.wait(senders, timeout=self._stop_seconds)
        for task in (*hanging, *clerks):
            task.cancel()
        await asyncio.wait([*senders, *clerks])
        try:
            async with asyncio.timeout(self._stop_seconds):
                await self._records.flush()
                await self._give_back()
        except (StoreUnavailable, TimeoutError) as error:
            facts = {"messages": len(self._held), "error": str(error)}
            log.warning("messages in hand are left to the rescue", extra=facts)

    async def _give_back(self) -> None:
        for node in set(self._held.values()):
            mine = [message for (message, _), owner in self._held.items() if owner == node]
            await self.outbox.give_back(node, mine, hold_kinds=held_kinds(self.settings))


_LEVELS = {
    MessageState.DEFERRED: logging.INFO,
    MessageState.BOUNCED: logging.WARNING,
    MessageState.IN_DOUBT: logging.WARNING,
    MessageState.HELD: logging.WARNING,
    MessageState.DEAD: logging.ERROR,
}
