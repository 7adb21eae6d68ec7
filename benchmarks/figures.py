"""Every figure and every floor, in the order of the table."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import dashboard, enqueue, floors, idle, pickup, pinned
from benchmarks.drain import FAILING, KEYED, WEIGHTED, Measure, drain, history
from benchmarks.figure import Figure
from benchmarks.http import over_http
from benchmarks.slots import slots


@dataclass(frozen=True, slots=True)
class Floor:
    """What figures are held against."""

    number: str
    """The one among its numbers that a figure's headline is divided by."""
    measure: Measure


FLOORS = {
    "bulk": Floor("bulk_runs_per_second", floors.bulk),
    "commit": Floor("commits_per_second", floors.commit),
    "dashboard": Floor("key_p95_ms", dashboard.floor),
    "drain": Floor("drain_runs_per_second", floors.drain),
    "pickup": Floor("pickup_p50_ms", pickup.floor),
    "slots_1000": Floor("slots_1000_per_second", floors.slots(1_000)),
    "slots_10000": Floor("slots_10000_per_second", floors.slots(10_000)),
    "slots_100000": Floor("slots_100000_per_second", floors.slots(100_000)),
}

RATE = "runs_per_second"


def _drain(name: str, title: str, measure: Measure, *, slow: bool = False) -> Figure:
    return Figure(name=name, title=title, measure=measure, headline=RATE, floor="drain", slow=slow)


def _enqueue(name: str, title: str, measure: Measure, floor: str) -> Figure:
    return Figure(name=name, title=title, measure=measure, headline=RATE, floor=floor)


def _slots(count: int, *, slow: bool) -> Figure:
    return Figure(
        name=f"slots_{count}", title=f"{count:,} schedules due at once", measure=slots(count),
        headline="slots_per_second", floor=f"slots_{count}", slow=slow,
    )  # fmt: skip


def _dashboard(ended: int, *, slow: bool) -> Figure:
    return Figure(
        name=f"dashboard_{ended}", title=f"dashboard, {ended:,} ended runs", measure=dashboard.dashboard(ended),
        headline="key_p95_ms", floor="dashboard", slow=slow,
    )  # fmt: skip


FIGURES = (
    _enqueue("enqueue_1", "enqueue, 1 caller in process", enqueue.in_process(1), "commit"),
    _enqueue("enqueue_32", "enqueue, 32 callers in process", enqueue.in_process(32), "bulk"),
    _enqueue("enqueue_many", "enqueue_many in process", enqueue.many, "bulk"),
    _enqueue("enqueue_http_1", "enqueue, 1 caller over HTTP", over_http(1), "commit"),
    _enqueue("enqueue_http_32", "enqueue, 32 callers over HTTP", over_http(32), "bulk"),
    _enqueue("enqueue_http_many", "enqueue, 1,000 a request over HTTP", over_http(1, batch=1_000), "bulk"),
    _enqueue("enqueue_sql_1", "jobd.enqueue(), 1 connection", enqueue.by_sql(1), "commit"),
    _enqueue("enqueue_sql_32", "jobd.enqueue(), 32 connections", enqueue.by_sql(32), "bulk"),
    _drain("drain", "drain, 1 daemon", drain()),
    _drain("drain_2_daemons", "drain, 2 daemons", drain(daemons=2)),
    _drain("drain_4_daemons", "drain, 4 daemons", drain(daemons=4)),
    _drain("drain_after_200000", "drain with 200,000 ended runs", drain(kept=history(200_000))),
    _drain("drain_after_5000000", "drain with 5,000,000 ended runs", drain(kept=history(5_000_000)), slow=True),
    _drain(
        "drain_weighted", "drain, four queues with weights",
        drain(tables=WEIGHTED, queues=("critical", "normal", "default", "low")),
    ),
    _drain("drain_keyed", "drain, limit by key, all keys distinct", drain(tables=KEYED)),
    _drain("drain_keyed_hot", "drain, limit by key, 10 hot keys", drain(tables=KEYED, users=10, share=0.1)),
    _drain("drain_failing", "drain, 10 % fail and are retried", drain(tables=FAILING, job="one-in-ten-fails")),
    Figure(name="pickup", title="pick-up by NOTIFY", measure=pickup.pickup(), headline="p50_ms", floor="pickup"),
    Figure(
        name="pickup_polling", title="pick-up, notify = false", measure=pickup.pickup(pickup.POLLING), headline="p50_ms"
    ),
    Figure(name="idle", title="idle daemon", measure=idle.idle, headline="statements_per_second"),
    Figure(name="memory", title="memory after 1,000,000 runs", measure=idle.memory, headline="grown_mb", slow=True),
    _dashboard(200_000, slow=False),
    _dashboard(10_000_000, slow=True),
    _slots(1_000, slow=False),
    _slots(10_000, slow=True),
    _slots(100_000, slow=True),
    Figure(
        name="claim_pinned", title="claims behind a held snapshot", measure=pinned.claims, headline="claim_p99_ms"
    ),
)  # fmt: skip
