"""Runs claimed ahead: where they wait on this node for a worker, by queue and urgency, until they start or go back."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence

from jobd.model.run import Claimed

Buffered = tuple[int, float, int, Claimed, float]
"""(priority, due, id) order a queue's buffer; then the run and when it was claimed."""


class Buffers:
    """One for each queue. The dispatcher's pump takes runs out by hand: a call for every run would be felt."""

    def __init__(self, queues: Iterable[str]) -> None:
        self.queues: dict[str, list[Buffered]] = {name: [] for name in queues}
        self.ready: dict[str, list[Buffered]] = {}
        """The buffers that are not empty; the next run stands at the end of each."""
        self.count = 0

    def serve(self, queues: Collection[str]) -> list[Claimed]:
        """Have buffers for these queues from now on; what waited in others comes back."""
        gone = self.queues.keys() - set(queues)
        back = self.take_back(0.0, gone)
        for name in gone:
            del self.queues[name]
        for name in queues:
            self.queues.setdefault(name, [])
        return back

    def held(self) -> list[int]:
        """Runs claimed but not started."""
        return [entry[2] for buffer in self.queues.values() for entry in buffer]

    def put(self, runs: Sequence[Claimed], now: float) -> None:
        """Put claimed runs where they wait for a worker, the most urgent at the end."""
        for run in runs:
            queue = run.queue
            self.queues[queue].append((run.priority, run.due, run.id, run, now))
            self.ready[queue] = self.queues[queue]
        self.count += len(runs)
        for queue in {run.queue for run in runs}:
            self.queues[queue].sort(reverse=True)

    def take_back(self, older: float, queues: Collection[str] | None = None) -> list[Claimed]:
        """Take out (of `queues`, where some are named) what was claimed `older` seconds ago and has not started."""
        before = time.monotonic() - older
        back: list[Claimed] = []
        for queue, buffer in self.queues.items():
            if (queues is None or queue in queues) and any(entry[4] <= before for entry in buffer):
                back += [entry[3] for entry in buffer if entry[4] <= before]
                buffer[:] = [entry for entry in buffer if entry[4] > before]
                if not buffer:
                    self.ready.pop(queue, None)
        self.count -= len(back)
        return back

    def withdraw(self, run: int) -> list[Claimed]:
        """Take this one run out; nothing where it has started or was never here."""
        for queue, buffer in self.queues.items():
            for place, entry in enumerate(buffer):
                if entry[2] == run:
                    del buffer[place]
                    self.count -= 1
                    if not buffer:
                        self.ready.pop(queue, None)
                    return [entry[3]]
        return []
