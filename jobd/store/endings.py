"""Endings in Postgres: a batch of attempts leaves the live table, or goes back to its queues, in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import asyncpg

from jobd.model.run import Ending, Outcome
from jobd.statements import statements
from jobd.store.outages import is_lost

sql = statements("jobd.store.sql", "runs")

BUCKETS = 24
"""Histogram buckets: bucket i (1 based) counts what took less than 2^(i-1) ms; the last the rest (over 70 min)."""


class Connections(Protocol):
    """A Link, or anything else that lends a connection for a block."""

    def use(self) -> AbstractAsyncContextManager[Any]: ...


def bucket(milliseconds: float) -> int:
    """The histogram bucket of a length of time, 0 based."""
    bits = int(milliseconds).bit_length()
    return bits if bits < BUCKETS else BUCKETS - 1


@dataclass(slots=True)
class Tally:
    """What one minute of one job in one queue adds up to."""

    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    retried: int = 0
    run_ms: float = 0.0
    wait_ms: float = 0.0
    run_hist: list[int] = field(default_factory=lambda: [0] * BUCKETS)
    wait_hist: list[int] = field(default_factory=lambda: [0] * BUCKETS)

    def add(self, ending: Ending, sign: int = 1) -> None:
        outcome = ending.outcome
        if outcome is Outcome.SUCCEEDED:
            self.succeeded += sign
        elif outcome is Outcome.CANCELLED:
            self.cancelled += sign
        elif ending.again:
            self.retried += sign
        else:
            self.failed += sign
        run_ms, wait_ms = ending.took * 1000, ending.waited * 1000
        self.run_ms += sign * run_ms
        self.wait_ms += sign * wait_ms
        self.run_hist[bucket(run_ms)] += sign
        self.wait_hist[bucket(wait_ms)] += sign

    def plus(self, other: Tally) -> Tally:
        return Tally(
            self.succeeded + other.succeeded,
            self.failed + other.failed,
            self.cancelled + other.cancelled,
            self.retried + other.retried,
            self.run_ms + other.run_ms,
            self.wait_ms + other.wait_ms,
            [a + b for a, b in zip(self.run_hist, other.run_hist, strict=True)],
            [a + b for a, b in zip(self.wait_hist, other.wait_hist, strict=True)],
        )


Tallies = dict[tuple[str, str], Tally]


def tally(endings: Iterable[Ending], sign: int = 1) -> Tallies:
    """(job, queue) → counts of these endings; interruptions count as nothing."""
    tallies: Tallies = {}
    for ending in endings:
        if ending.outcome is Outcome.INTERRUPTED:
            continue
        key = (ending.run.job, ending.run.queue)
        if (entry := tallies.get(key)) is None:
            entry = tallies[key] = Tally()
        entry.add(ending, sign)
    return tallies


def merge(one: Tallies, other: Tallies) -> Tallies:
    """The sums of both."""
    if not one or not other:
        return one or other
    merged = dict(one)
    for key, right in other.items():
        merged[key] = merged[key].plus(right) if key in merged else right
    return merged


def _columns(tallies: Tallies) -> list[Any]:
    entries = tallies.values()
    return [
        [job for job, _ in tallies],
        [queue for _, queue in tallies],
        [t.succeeded for t in entries],
        [t.failed for t in entries],
        [t.cancelled for t in entries],
        [t.retried for t in entries],
        [t.run_ms for t in entries],
        [t.wait_ms for t in entries],
        [literal(t.run_hist) for t in entries],
        [literal(t.wait_hist) for t in entries],
    ]


def literal(numbers: Iterable[int]) -> str:
    """Numbers as a Postgres array literal: the driver looks at each element of a list three times over."""
    return "{" + ",".join(map(str, numbers)) + "}"


async def finish(
    connection: Any, node: int, endings: Sequence[Ending], tallies: Tallies, now: float
) -> set[int] | None:
    """End these runs for good and add `tallies`, in one statement; None, or the ids of those that were ours to end.

    Usable inside a caller's transaction, as its last statement: it locks no row that other runs share.
    `now` is this process' monotonic clock.
    """
    plain = all(e.plain for e in endings)
    ours = await connection.fetchval(
        sql.finish,
        node,
        literal([e.run.id for e in endings]),
        literal([e.run.attempt for e in endings]),
        [] if plain else [e.outcome.value for e in endings],
        literal([int((now - e.ended) * 1e6) for e in endings]),
        literal([int(e.took * 1e6) for e in endings]),
        [] if plain else [e.result for e in endings],
        [] if plain else [e.reason for e in endings],
        [] if plain else [e.error for e in endings],
        [] if plain else [e.traceback for e in endings],
        [] if plain else [e.items.done if e.items else None for e in endings],
        [] if plain else [e.items.skipped if e.items else None for e in endings],
        [] if plain else [e.items.failed if e.items else None for e in endings],
        *_columns(tallies),
        len(endings),
    )
    return None if ours is None else set(ours)


async def put_back(connection: Any, node: int, endings: Sequence[Ending], now: float) -> tuple[set[int], set[int]]:
    """Send these runs back to their queues; (ids that went back, ids that were to be cancelled and stayed)."""
    rows = await connection.fetch(
        sql.put_back,
        node,
        [e.run.id for e in endings],
        [e.run.attempt for e in endings],
        [None if e.outcome is Outcome.INTERRUPTED and not e.took else e.outcome.value for e in endings],
        [e.again_in for e in endings],
        [now - e.ended for e in endings],
        [e.took for e in endings],
        [e.spend for e in endings],
        [e.error for e in endings],
        [e.traceback for e in endings],
    )
    return {row[0] for row in rows if not row[1]}, {row[0] for row in rows if row[1]}


async def recorded(connection: Any, node: int, endings: Sequence[Ending]) -> set[int]:
    """Which of these are in Postgres already: their COMMIT came through and only its answer was lost."""
    rows = await connection.fetch(sql.ended, node, [e.run.id for e in endings], [e.run.attempt for e in endings])
    return {row[0] for row in rows}


async def release_keys(connection: Any, endings: Sequence[Ending]) -> None:
    """Free the "unique until ended" keys of runs that ended."""
    keyed = [e.run for e in endings if e.run.unique_key is not None]
    await connection.execute(
        sql.release_keys, [r.id for r in keyed], [r.job for r in keyed], [r.unique_key for r in keyed]
    )



def heals(error: BaseException) -> bool:
    """True when the same endings can be stored later: Postgres is away, or their day has no partition yet."""
    no_partition = isinstance(error, asyncpg.CheckViolationError) and not error.constraint_name
    return no_partition or is_lost(error)


REFUSALS = (asyncpg.PostgresError, ValueError, TypeError)
"""What Postgres or its driver says when one ending of a batch cannot be stored, unless `heals` says otherwise."""

__all__ = [
    "BUCKETS", "REFUSALS", "Tallies", "Tally", "bucket", "finish", "heals", "merge", "put_back", "recorded",
    "release_keys", "tally",
]  # fmt: skip
