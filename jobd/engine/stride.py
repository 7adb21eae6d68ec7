"""Whose turn it is: weighted stride scheduling, charged by run time, with limits and reserves per queue.

Each queue has a virtual time, `passed`. The ready queue with the smallest one is served; a start advances it by
the expected run time divided by the weight, the ending corrects it by what the run really took. So a queue with
weight 8 gets eight times the worker time of one with weight 1, whatever their runs take
(weights over starts alone hand four fifths of the workers to the queue with the longest runs).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from jobd.model.queue import Charge, Queue

# How much a queue can owe after one monster run, in expected runs: it must not be silent for hours.
DEBT = 8.0
UNKNOWN_SECONDS = 0.01
LEARN = 0.1


class Lane:
    """One queue's account on this node."""

    __slots__ = ("by_time", "expected", "max", "passed", "queue", "reserve", "running", "strict", "waiting", "weight")

    def __init__(self, queue: Queue, workers: int) -> None:
        self.configure(queue, workers)
        self.passed = 0.0
        self.running = 0
        self.expected = UNKNOWN_SECONDS
        self.waiting = False
        """Had something to offer at the last look; one that had not re-joins without saved credit."""

    def configure(self, queue: Queue, workers: int) -> None:
        """From now on as `queue` says; what has passed and what runs stays."""
        self.queue = queue
        self.weight = queue.weight
        self.reserve = queue.reserve
        self.strict = queue.strict
        self.by_time = queue.charge is Charge.TIME
        self.max = workers if queue.max is None else min(queue.max, workers)


class Stride:
    """The accounts of all queues of a node. In memory, single-threaded, no I/O."""

    def __init__(self, queues: Iterable[Queue], workers: int) -> None:
        self.lanes = {queue.name: Lane(queue, workers) for queue in queues}
        self.workers = workers
        self.running = 0
        self._now = 0.0
        self._reserving = [lane for lane in self.lanes.values() if lane.reserve]

    def configure(self, queues: Iterable[Queue]) -> None:
        """Serve these queues from now on; the account of one that is gone stays for what still runs in it."""
        queues = list(queues)
        for queue in queues:
            if lane := self.lanes.get(queue.name):
                lane.configure(queue, self.workers)
            else:
                self.lanes[queue.name] = Lane(queue, self.workers)
        self._reserving = [self.lanes[queue.name] for queue in queues if queue.reserve]

    def reweigh(self, weights: Mapping[str, int]) -> None:
        """An operator's weights where there are some, the configured ones elsewhere."""
        for name, lane in self.lanes.items():
            lane.weight = weights.get(name, lane.queue.weight)

    def room(self, name: str) -> int:
        """How many more runs of this queue may start now, by the workers, its `max` and the others' reserves."""
        lane = self.lanes[name]
        free = self.workers - self.running
        for other in self._reserving:
            if other is not lane and other.running < other.reserve:
                free -= other.reserve - other.running
        own = lane.max - lane.running
        return (own if own < free else free) if free > 0 and own > 0 else 0

    def only(self, name: str) -> bool:
        """Whether the only ready queue may start a run: `choose` without anything to compare."""
        lane = self.lanes[name]
        if not lane.waiting:
            self.choose((name,))
        return self.room(name) > 0

    def choose(self, ready: Collection[str]) -> str | None:
        """The queue among `ready` whose turn it is; None when no worker may start any of them."""
        best: Lane | None = None
        for name, lane in self.lanes.items():
            if name not in ready:
                lane.waiting = False
                continue
            if not lane.waiting:
                lane.waiting = True
                lane.passed = max(lane.passed, self._now)
            if (best is None or self._before(lane, best)) and self.room(name):
                best = lane
        return best.queue.name if best else None

    def share(self, ready: Collection[str], places: int) -> dict[str, int]:
        """How `places` starts would fall to the queues in `ready` if each had enough waiting; changes nothing."""
        lanes = [lane for name, lane in self.lanes.items() if name in ready]
        passed = {lane: max(lane.passed, self._now) if not lane.waiting else lane.passed for lane in lanes}
        shares = dict.fromkeys(lanes, 0)
        for _ in range(places):
            open_ = [lane for lane in lanes if shares[lane] < self.room(lane.queue.name)]
            if not open_:
                break
            lane = min(open_, key=lambda lane: (not lane.strict, passed[lane], -lane.weight))
            shares[lane] += 1
            passed[lane] += (lane.expected if lane.by_time else 1.0) / lane.weight
        return {lane.queue.name: count for lane, count in shares.items() if count}

    @staticmethod
    def _before(lane: Lane, best: Lane) -> bool:
        if lane.strict is not best.strict:
            return lane.strict
        if lane.passed != best.passed:
            return lane.passed < best.passed
        return lane.weight > best.weight

    def started(self, name: str) -> float:
        """A run of this queue starts; what was charged for it, to be given to `ended`."""
        lane = self.lanes[name]
        charge = lane.expected if lane.by_time else 1.0
        self._now = max(self._now, lane.passed)
        lane.passed += charge / lane.weight
        lane.running += 1
        self.running += 1
        return charge

    def ended(self, name: str, charged: float, took: float) -> None:
        """A run of this queue has ended after `took` seconds: correct its charge, learn from it."""
        lane = self.lanes[name]
        lane.running -= 1
        self.running -= 1
        if lane.by_time:
            owed = took - charged
            lane.passed += min(owed, DEBT * max(charged, UNKNOWN_SECONDS)) / lane.weight
            lane.expected += LEARN * (took - lane.expected)
