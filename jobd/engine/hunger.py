"""Where runs may wait for this node: queues that it heard of and has not emptied since, and what forbids to claim them.

Notifications, endings and the once-a-second look feed it; the dispatcher claims while there is some.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from jobd.engine.loader import LoadedJob
from jobd.model.due import Due
from jobd.model.queue import Queue

Hungry = tuple[set[str], set[str], bool]
"""Queues, queues under limits, whether suspects wait."""


def limited(queue: Queue, jobs: Iterable[LoadedJob]) -> bool:
    """Whether runs in this queue can be under a limit that is counted over all nodes."""
    return queue.global_max is not None or any(
        loaded.job.concurrency is not None or loaded.job.global_max is not None for loaded in jobs
    )


class Hunger:
    """One node's. In memory, no I/O."""

    def __init__(self, queues: Sequence[Queue], jobs: Mapping[str, LoadedJob]) -> None:
        self.queues: set[str] = set()
        self.limited: set[str] = set()
        """Queues with runs under a limit."""
        self.suspects_wait = False
        self.paused: frozenset[str] = frozenset()
        self.quiet = False
        """Operators want nothing new to begin here; what runs goes on."""
        self.set_aside = False
        """Runs were set aside behind a full limit since the last look."""
        self.wake = asyncio.Event()
        self._jobs = jobs
        self.serve(queues)

    def serve(self, queues: Sequence[Queue]) -> None:
        """Hear of these queues from now on."""
        self.global_max = {queue.name: queue.global_max for queue in queues}
        self._has_limits = {queue.name: limited(queue, self._jobs.values()) for queue in queues}
        self.limits = any(self._has_limits.values())
        """Some run here can be under a limit."""
        self.queues.intersection_update(self.global_max)
        self.limited.intersection_update(self.global_max)

    def has_global_max(self, queue: str) -> bool:
        """Runs of this queue are counted over all nodes."""
        return self.global_max.get(queue) is not None

    def notice(self, queue: str) -> None:
        """There may be runs in this queue."""
        if queue in self._has_limits:
            self.queues.add(queue)
            if self._has_limits[queue]:
                self.limited.add(queue)
            self.wake.set()

    def look(self, due: Due) -> None:
        """Take what the look at the database found."""
        self.paused, self.quiet, self.set_aside = due.paused, due.desired != "running", False
        self.queues.update(queue for queue in due.queued if queue in self.global_max)
        self.limited.update(queue for queue in due.limited if queue in self.global_max)
        self.suspects_wait = due.suspects
        if self.waiting():
            self.wake.set()

    def waiting(self) -> bool:
        """Something may be claimed."""
        return bool(self.queues or self.limited or self.suspects_wait) and not self.quiet

    def told(self) -> Hungry:
        """What it was told so far."""
        return set(self.queues), set(self.limited), self.suspects_wait

    def remember(self, told: Hungry) -> None:
        """What was claimed for after this was `told` is still to be claimed."""
        self.queues |= told[0]
        self.limited |= told[1]
        self.suspects_wait |= told[2]
