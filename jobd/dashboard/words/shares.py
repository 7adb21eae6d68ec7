"""Who gets how much: of the time that workers work, and of what the weights promise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from jobd.model.reports import QueueReport
from jobd.model.stats import StatsReport


def ended(stats: StatsReport) -> int:
    """Runs of any outcome."""
    return stats.succeeded + stats.failed + stats.cancelled + stats.skipped


def success(stats: StatsReport) -> float | None:
    """The part of the runs that came to a result of their own that is a good one; None when there are none."""
    judged = stats.succeeded + stats.failed
    return stats.succeeded / judged if judged else None


def worked(stats: StatsReport) -> float:
    """Seconds of workers that it took, those of attempts that were tried again among them."""
    return (stats.run.mean or 0.0) * (stats.succeeded + stats.failed + stats.cancelled + stats.retried)


def of_work(stats: Iterable[StatsReport], queues: Iterable[QueueReport] = ()) -> Mapping[str, float]:
    """Name → its part of all that was worked, from 0 to 1; nothing when nobody has worked.

    With `queues`, what their runs have worked that have not ended belongs to it: one of them may have held a worker
    for as long as all the others together.
    """
    seconds = defaultdict[str, float](float, {one.name: worked(one) for one in stats})
    for queue in queues:
        seconds[queue.name] += queue.busy_seconds
    whole = sum(seconds.values())
    return {name: part / whole for name, part in seconds.items()} if whole else {}


def of_weights(queues: Iterable[QueueReport]) -> Mapping[str, float]:
    """Queue → what it gets when every queue is full; a paused one gets nothing."""
    weights = {queue.name: queue.weight for queue in queues if queue.paused_at is None}
    whole = sum(weights.values())
    return {name: weight / whole for name, weight in weights.items()} if whole else {}
