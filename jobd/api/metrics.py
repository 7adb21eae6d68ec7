"""/metrics: this process and what waits, for Prometheus. Names and labels are stable; nothing counts over history.

What ended comes from this process' own counters, so that sums over nodes are right; what waits comes from one bounded
look at Postgres, kept for some seconds, and is left out while Postgres does not answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from jobd.api.app import control
from jobd.api.bodies import Nothing, query
from jobd.api.control import Control
from jobd.errors import StoreRefused, StoreUnavailable
from jobd.model.reports import Counts, QueueReport
from jobd.store.endings import BUCKETS

KEPT_SECONDS = 5.0
"""However often somebody scrapes, Postgres is asked no oftener."""
OUTCOMES = ("succeeded", "failed", "cancelled", "retried")
Waiting = tuple[Sequence[QueueReport], Counts]
"""All queues, and the runs of all of them by state."""
_LOOK: web.AppKey[_Look] = web.AppKey("metrics_look")


async def shown(request: web.Request) -> web.Response:
    """All metrics in Prometheus' text format."""
    query(request, Nothing)
    daemon = control(request)
    registry = CollectorRegistry()
    registry.register(_Collector(daemon, await request.app[_LOOK].waiting(daemon)))
    return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


class _Collector:
    def __init__(self, daemon: Control, waiting: Waiting | None) -> None:
        self._daemon, self._waiting = daemon, waiting

    def collect(self) -> Iterator[Metric]:
        yield from _daemon(self._daemon, self._waiting is not None)
        yield from _ended(self._daemon)
        if self._waiting is not None:
            yield from _waiting(self._waiting)


def _daemon(daemon: Control, store: bool) -> Iterator[Metric]:
    health = daemon.health()
    info = GaugeMetricFamily("jobd_info", "Always 1.", labels=("version", "name", "environment"))
    info.add_metric((health.version, health.name, health.environment), 1)
    yield info
    yield GaugeMetricFamily("jobd_ready", "1 when no notice is an error, as /readyz.", int(health.ready))
    yield GaugeMetricFamily("jobd_store_up", "1 when Postgres answered.", int(store))
    yield GaugeMetricFamily("jobd_workers", "Attempts at once on this node.", health.workers)
    yield GaugeMetricFamily("jobd_workers_busy", "Attempts under way on this node.", health.busy)
    yield GaugeMetricFamily("jobd_start_time_seconds", "When this process began.", health.started_at.timestamp())
    if health.trusted_seconds is not None:
        text = "How long the lease lets this node work without another beat."
        yield GaugeMetricFamily("jobd_lease_trusted_seconds", text, health.trusted_seconds)
    notices = GaugeMetricFamily("jobd_notices", "What status tells, by level and code.", labels=("level", "code"))
    found: dict[tuple[str, str], int] = {}
    for notice in health.notices:
        found[notice.level.value, notice.code] = found.get((notice.level.value, notice.code), 0) + 1
    for labels, count in found.items():
        notices.add_metric(labels, count)
    yield notices


def _ended(daemon: Control) -> Iterator[Metric]:
    labels = ("job", "queue")
    text = "Attempts that ended on this node; retried ones are tried again."
    attempts = CounterMetricFamily("jobd_attempts", text, labels=(*labels, "outcome"))
    took = HistogramMetricFamily("jobd_run_seconds", "From start to end of an attempt.", labels=labels)
    waited = HistogramMetricFamily("jobd_wait_seconds", "From due to start of an attempt.", labels=labels)
    for (job, queue), tally in sorted(daemon.tallies.items()):
        for outcome in OUTCOMES:
            attempts.add_metric((job, queue, outcome), getattr(tally, outcome))
        took.add_metric((job, queue), _buckets(tally.run_hist), tally.run_ms / 1000)
        waited.add_metric((job, queue), _buckets(tally.wait_hist), tally.wait_ms / 1000)
    yield from (attempts, took, waited)


def _buckets(histogram: Sequence[int]) -> list[tuple[str, float]]:
    """Cumulative, each by its upper end in seconds; bucket i (from 0) ends at 2^i milliseconds."""
    total, found = 0, []
    for index, count in enumerate(histogram):
        total += count
        found.append(("+Inf" if index == BUCKETS - 1 else repr(2**index / 1000), float(total)))
    return found


def _waiting(waiting: Waiting) -> Iterator[Metric]:
    queues, counts = waiting
    text = "Runs that failed and wait for another attempt, up to 10,000."
    yield GaugeMetricFamily("jobd_runs_retrying", text, counts.retrying.count)
    runs = GaugeMetricFamily("jobd_queue_runs", "Live runs, each count up to 10,000.", labels=("queue", "state"))
    oldest = GaugeMetricFamily("jobd_queue_oldest_seconds", "For how long the oldest run is due.", labels=("queue",))
    paused = GaugeMetricFamily("jobd_queue_paused", "1 while the queue is paused.", labels=("queue",))
    for queue in queues:
        states: dict[str, Any] = {
            "queued": queue.queued.count,
            "blocked": queue.blocked.count,
            "scheduled": queue.scheduled.count,
            "running": queue.running,
        }
        for state, count in states.items():
            runs.add_metric((queue.name, state), count)
        oldest.add_metric((queue.name,), max(0.0, queue.oldest_seconds or 0.0))
        paused.add_metric((queue.name,), int(queue.paused_at is not None))
    yield from (runs, oldest, paused)


class _Look:
    """What waited at the latest look."""

    def __init__(self) -> None:
        self._seen: tuple[float, Waiting | None] | None = None
        self._looking = asyncio.Lock()  # who comes meanwhile waits for that look

    async def waiting(self, daemon: Control) -> Waiting | None:
        """Some seconds old at most; None while Postgres does not answer."""
        async with self._looking:
            if self._seen is None or time.monotonic() > self._seen[0] + KEPT_SECONDS:
                at = time.monotonic()
                self._seen = at, await _asked(daemon)
            return self._seen[1]


async def _asked(daemon: Control) -> Waiting | None:
    try:
        return await daemon.views.queues(), await daemon.views.counts()
    except (StoreUnavailable, StoreRefused):
        return None


def prepare(app: web.Application) -> None:
    """Where an application keeps its latest look."""
    app[_LOOK] = _Look()
