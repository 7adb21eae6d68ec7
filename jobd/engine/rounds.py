"""The loops of a node: what each is called, what one round of it does, and what wakes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from jobd.engine import duties
from jobd.engine.delivery import deliver
from jobd.engine.delivery_verdicts import held_kinds
from jobd.engine.loops import patiently, running
from jobd.engine.neighbour import watch_neighbour
from jobd.engine.rescue import rescue_lost, rescue_mail
from jobd.engine.tick import read_ahead, tick
from jobd.store.database import Link

if TYPE_CHECKING:
    from jobd.engine.node import Node

log = logging.getLogger(__name__)

Loops = list[Coroutine[Any, Any, None]]


class Rounds:
    """One node's. Each list is for `running`."""

    def __init__(self, node: Node) -> None:
        self._node, self._store = node, node.store
        self._described: tuple[Sequence[str], Sequence[str]] = ((), ())

    def duties(self, watch: Link) -> Loops:
        """What a node does for as long as it has its lease, until nothing is left to be done."""
        node, store, signals, hands = self._node, self._store, self._node.signals, self._node.hands
        pulse, wakes, blocked = node.pulse, signals.wakes, signals.blocked
        return [
            patiently("due", pulse, signals.look.round),
            patiently("time", pulse, self._keep_time),
            patiently("promote", pulse, lambda: duties.promote_due(store.runs, signals.queued), wakes["promote"]),
            patiently("rescue", pulse, self.rescue, wakes["rescue"]),
            patiently("cancel", pulse, lambda: duties.cancel_asked(store.runs, node.id, hands), wakes["cancel"]),
            patiently("unblock", pulse, blocked.unblock, blocked.freed),
            patiently("blocked", pulse, blocked.unblock_all, blocked.forgotten),
            patiently("describe", pulse, self._describe, wakes["describe"]),
            patiently("resume", pulse, self._end_pauses, wakes["resume"]),
            patiently("progress", pulse, lambda: duties.show_running(store.runs, node.id, hands.workers)),
            patiently("unstarted", pulse, lambda: duties.hand_back_unstarted(hands)),
            patiently(
                "unheld",
                pulse,
                lambda: duties.hand_back_unheld(store.runs, node.id, hands, signals.heard),
                limit=60,
            ),
            patiently(
                "neighbour",
                pulse,
                lambda: watch_neighbour(store.nodes, watch, node.id, self._company, wakes["rescue"]),
                limit=120,
            ),
            patiently("retention", pulse, self._retain, limit=1800),
        ]

    def intake(self) -> Loops:
        """What brings new work: begun last, ended first."""
        node, schedules, signals = self._node, self._store.schedules, self._node.signals
        return [
            patiently("tick", node.pulse, lambda: tick(schedules, signals.queued), signals.wakes["tick"]),
            patiently("read ahead", node.pulse, lambda: read_ahead(schedules), limit=120),
            self._deliver(),
        ]

    async def rescue(self) -> None:
        """What nodes held that are gone → back."""
        node = self._node
        if await rescue_lost(self._store.nodes, node.id, node.signals.queued):
            node.signals.look.soon()  # suspects are seen by a look alone
        if await rescue_mail(self._store.outbox, held_kinds(node.config.mail)):
            node.signals.wakes["mail"].set()

    def undescribed(self) -> bool:
        """Others do not know yet what this node serves."""
        return self._described != self._description()

    def _description(self) -> tuple[Sequence[str], Sequence[str]]:
        node = self._node
        return (list(node.config.queues), sorted(node.runnable())) if node.intake else ([], [])

    async def _describe(self) -> None:
        described = self._description()
        await self._store.nodes.describe(self._node.id, *described)
        self._described = described

    async def _end_pauses(self) -> None:
        if over := await self._store.pauses.end():
            log.info("pauses are over", extra={"names": over})
            self._node.signals.look.soon()

    async def _deliver(self) -> None:
        """Carry mail as `[mail]` says; begun anew when that has changed."""
        node, wake = self._node, self._node.signals.wakes["mail"]
        while True:
            node.mail_changed.clear()
            wake.set()
            async with running(deliver(self._store.outbox, node.config.mail, self._for_mail, wake)):
                await node.mail_changed.wait()

    def _for_mail(self) -> int | None:
        """This node's id, while it may begin something new."""
        return None if self._node.hunger.quiet else self._node.id

    async def _keep_time(self) -> None:
        await duties.keep_time(self._node.heartbeat, self._node.workers, self._node.lose)

    async def _retain(self) -> None:
        store, config = self._store, self._node.config
        if not await duties.make_room(store.retention):
            return
        if not self._node.adopted:  # what is past its age here may be all that is left of it
            await asyncio.sleep(duties.RETENTION_EVERY_SECONDS)
            return
        await duties.retain(store.retention, store.outbox, config.keep, store.scrubbing, config.privacy)

    def _company(self) -> int:
        latest = self._node.signals.look.latest
        return latest.nodes if latest else 1
