"""Weights are shares of worker time; limits, reserves and strictness hold at every single start."""

from __future__ import annotations

import heapq
import random

import pytest

from jobd.engine.appetite import Appetite
from jobd.engine.stride import Stride
from jobd.model.queue import Charge, Queue


def simulated(stride: Stride, takes, seconds: float, waits=lambda now: None) -> dict[str, float]:
    """Worker seconds of each queue when `takes[queue]()` says how long its next run takes and all queues are full.

    `waits(now)` may name the queues that have something to offer; None is all of them.
    """
    now, used, ends = 0.0, dict.fromkeys(takes, 0.0), []
    while now < seconds:
        offered = waits(now)
        while queue := stride.choose(list(takes) if offered is None else offered):
            assert stride.room(queue) > 0
            length = takes[queue]()
            charged = stride.started(queue)
            lane = stride.lanes[queue]
            assert stride.running <= stride.workers and lane.running <= lane.max
            heapq.heappush(ends, (now + length, random.random(), queue, charged, length))
        if not ends:
            return used
        now, _, queue, charged, length = heapq.heappop(ends)
        used[queue] += length
        stride.ended(queue, charged, length)
    return used


def shares(used: dict[str, float]) -> dict[str, float]:
    total = sum(used.values())
    return {queue: seconds / total for queue, seconds in used.items()}


WEIGHTS = {"critical": 8, "normal": 4, "default": 2, "low": 1}


def queues(**more) -> list[Queue]:
    return [Queue(name=name, weight=weight, **more) for name, weight in WEIGHTS.items()]


@pytest.mark.parametrize(
    "lengths",
    [dict.fromkeys(WEIGHTS, 0.1), {"critical": 0.05, "normal": 0.2, "default": 0.5, "low": 2.0}],
    ids=["equal runs", "runs of very different length"],
)
def test_full_queues_get_worker_time_by_their_weights(lengths):
    chance = random.Random(7)
    takes = {name: lambda mean=mean: chance.uniform(0.5, 1.5) * mean for name, mean in lengths.items()}
    got = shares(simulated(Stride(queues(), 10), takes, 800))
    for name, weight in WEIGHTS.items():
        assert got[name] == pytest.approx(weight / 15, rel=0.1)


def test_a_queue_charged_by_starts_gets_turns_by_its_weight():
    stride = Stride(queues(charge=Charge.STARTS), 4)
    starts = dict.fromkeys(WEIGHTS, 0)
    for _ in range(15_000):
        queue = stride.choose(list(WEIGHTS))
        starts[queue] += 1
        stride.ended(queue, stride.started(queue), 0.5)
    for name, weight in WEIGHTS.items():
        assert starts[name] == pytest.approx(1000 * weight, rel=0.02)


def test_the_lowest_queue_is_never_silent_for_long():
    stride = Stride(queues(), 10)
    since = worst = 0
    for _ in range(10_000):
        queue = stride.choose(list(WEIGHTS))
        since = 0 if queue == "low" else since + 1
        worst = max(worst, since)
        stride.ended(queue, stride.started(queue), 0.1)
    assert worst <= 2 * 15


def test_no_queue_exceeds_its_maximum_nor_takes_what_is_reserved():
    stride = Stride([Queue(name="a", max=2), Queue(name="b", reserve=3), Queue(name="c")], 10)
    for _ in range(20):
        if stride.choose(["a"]):
            stride.started("a")
    assert stride.lanes["a"].running == 2
    while stride.choose(["c"]):
        stride.started("c")
    assert stride.lanes["c"].running == 5  # ten, less two, less the three kept for b
    assert stride.room("b") == 3


def test_the_reserved_queue_itself_may_use_more_than_its_reserve():
    stride = Stride([Queue(name="a", reserve=2), Queue(name="b")], 4)
    while stride.choose(["a"]):
        stride.started("a")
    assert stride.lanes["a"].running == 4 and stride.choose(["b"]) is None


def test_a_strict_queue_goes_before_all_that_are_not():
    stride = Stride([Queue(name="a", weight=100), Queue(name="b", strict=True)], 2)
    for _ in range(50):
        queue = stride.choose(["a", "b"])
        assert queue == "b"
        stride.ended(queue, stride.started(queue), 1.0)
    assert stride.choose(["a"]) == "a"


def test_a_queue_that_was_empty_has_saved_no_credit():
    """After a long silence it gets its share, not all workers until it has caught up."""
    stride = Stride([Queue(name="a"), Queue(name="b")], 2)
    for _ in range(1000):
        stride.ended("a", (stride.choose(["a"]), stride.started("a"))[1], 1.0)
    got = [stride.choose(["a", "b"]) for _ in range(1)]
    for _ in range(99):
        stride.ended(got[-1], stride.started(got[-1]), 1.0)
        got.append(stride.choose(["a", "b"]))
    assert 45 <= got.count("b") <= 55


def test_one_monstrous_run_does_not_silence_its_queue_for_its_whole_length():
    stride = Stride([Queue(name="a"), Queue(name="b")], 1)
    for queue in "ab" * 50:
        stride.ended(queue, stride.started(queue), 0.1)
    stride.ended("a", stride.started("a"), 3600.0)
    turns = 0
    while turns < 1000:
        queue = stride.choose(["a", "b"])
        if queue == "a":
            break
        stride.ended(queue, stride.started(queue), 0.1)
        turns += 1
    assert turns < 200


def test_shares_fall_to_queues_as_starts_would_and_change_nothing():
    stride = Stride(queues(), 15)
    before = {name: lane.passed for name, lane in stride.lanes.items()}
    assert stride.share(list(WEIGHTS), 15) == WEIGHTS
    assert {name: lane.passed for name, lane in stride.lanes.items()} == before
    assert stride.share(["low"], 99) == {"low": 15}
    assert stride.share([], 5) == {}


# Appetite: how many runs to claim ahead


def fed(appetite: Appetite, *seconds: float, job: str = "job") -> Appetite:
    for took in seconds:
        appetite.learn(job, took)
    appetite.claimed([job])
    return appetite


def test_nothing_is_taken_ahead_of_jobs_that_nobody_knows():
    appetite = Appetite()
    appetite.claimed(["job"])
    assert appetite.ahead(10) == 0


def test_short_jobs_are_taken_ahead_twice_as_many_each_time_up_to_fifty_milliseconds_of_work():
    appetite = Appetite()
    amounts = [fed(appetite, 0.001).ahead(10) for _ in range(12)]
    assert amounts[:4] == [8, 16, 32, 64]
    assert amounts[-1] == 500  # ten workers get through 500 runs of a millisecond in 50 ms


def test_one_long_run_or_one_unknown_job_ends_it():
    appetite = Appetite()
    assert fed(appetite, 0.001).ahead(10) > 0
    assert fed(appetite, 0.2).ahead(10) == 0
    appetite = fed(Appetite(), 0.001)
    appetite.claimed(["job", "other"])
    assert appetite.ahead(10) == 0


def test_what_did_not_start_in_time_chokes_it_until_the_next_short_batch():
    appetite = fed(Appetite(), 0.001)
    appetite.choke()
    assert appetite.ahead(10) == 0
    assert fed(appetite, 0.001).ahead(10) == 8
