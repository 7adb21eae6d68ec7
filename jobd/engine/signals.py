"""What a node hears and whom it tells: new runs, what a look has found, what was written down. Nothing here waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from jobd.config import Config
from jobd.engine.blocked import Blocked
from jobd.engine.due import DueLook
from jobd.engine.hunger import Hunger
from jobd.model.due import Due
from jobd.model.run import Ending
from jobd.store.listen import Announcer
from jobd.store.store import Store

WOKEN = ("promote", "tick", "rescue", "cancel", "mail", "describe", "resume")
"""Loops that rest until they are told to come round."""


class Signals:
    """One node's ears and voice."""

    def __init__(
        self,
        config: Config,
        store: Store,
        *,
        hunger: Hunger,
        announcer: Announcer,
        ended: Callable[[Sequence[Ending]], None],
        obey: Callable[[Due], None],
    ) -> None:
        """`ended` hears of what was written down, `obey` of each look."""
        self._hunger, self._announcer, self._ended, self._obey = hunger, announcer, ended, obey
        self.wakes = {name: asyncio.Event() for name in WOKEN}
        self.look = DueLook(store.look, list(config.queues), config.daemon.poll.total_seconds(), self.told)
        self.blocked = Blocked(store.runs, hunger, self.queued)

    def queued(self, queue: str) -> None:
        """Runs came to this queue: here at once, to the others by a notification."""
        self.heard(queue)
        self._announcer.queued(queue)

    def heard(self, queue: str) -> None:
        """Another node or an application added runs to this queue; an empty name: look again."""
        if queue:
            self._hunger.notice(queue)
        else:
            self.look.soon()

    def told(self, due: Due) -> None:
        """The look has found this: wake whoever has work by it."""
        joined_by_others = due.nodes > 1 and not self._announcer.company
        self._announcer.company = due.nodes > 1
        if joined_by_others:
            # nodes that thought themselves alone would say nothing until their next poll
            self._announcer.say("changed")
        self.blocked.look(due)
        self._obey(due)
        for name, waits in (
            ("resume", due.pauses_over),
            ("promote", due.next_run is not None and due.next_run <= 0),
            ("tick", due.next_slot is not None and due.next_slot <= 0),
            ("rescue", due.expired or due.orphans),
            ("cancel", due.cancels),
            ("mail", due.next_mail is not None and due.next_mail <= 0),
        ):
            if waits:
                self.wakes[name].set()

    def recorded(self, recorded: Sequence[Ending]) -> None:
        """These attempts are written down: tell whoever waits for them, and let others under their limits start."""
        self._ended(recorded)
        again = [ending for ending in recorded if ending.again]
        for queue in {ending.run.queue for ending in again if not ending.again_in}:
            self.queued(queue)
        if any(ending.again_in for ending in again):
            self.look.soon()  # the next instant that matters may be nearer now
        if not self._hunger.limits:
            return
        keys = {ending.run.limit_key for ending in recorded if ending.run.limit_key is not None}
        if keys:
            self.blocked.free(keys)
        for queue in {ending.run.queue for ending in recorded} if keys else ():
            self.heard(queue)
        # runs of a queue with a global_max have no key of their own, but their end makes room in it
        for queue in {e.run.queue for e in recorded if self._hunger.has_global_max(e.run.queue)}:
            self.queued(queue)
