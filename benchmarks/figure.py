"""What a figure is: its name, how it is taken, and which floor it is held against."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.bench import Bench

Numbers = dict[str, float]
"""What one measurement found, by the names that `--json` uses."""


class Skipped(Exception):
    """This figure cannot be taken here; the text says why, and what would change it."""


class Broken(Exception):
    """jobd did not do what it is measured at; the text says what was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured."""

    drain: int = 100_000
    bulk: int = 20_000
    alone: int = 2_000
    """Enqueues by one caller."""
    together: int = 20_000
    """Enqueues by 32 callers."""
    http: int = 6_000
    """Enqueues over HTTP by 32 callers; one caller makes a third of them."""
    pickups: int = 250
    idle_seconds: float = 20.0
    pinned: int = 50_000
    limit_seconds: float = 600.0
    """Longer than this, one figure is broken."""


FULL = Sizes()
QUICK = Sizes(
    drain=3_000, bulk=4_000, alone=150, together=2_000, http=600, pickups=30, idle_seconds=2.0, pinned=3_000,
    limit_seconds=30.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table."""

    name: str
    title: str
    measure: Callable[[Bench], Awaitable[Numbers]]
    headline: str
    """The number among those of `measure` that people look at first."""
    floor: str | None = None
    """The floor it is held against: the number `headline` of that floor, from the same round."""
    slow: bool = False
    """Too long for --quick."""


def quantile(values: Sequence[float], q: float) -> float:
    """The smallest value that at least the share `q` of all values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)]


def in_milliseconds(seconds: Sequence[float]) -> Numbers:
    """p50, p95 and p99 of lengths of time."""
    return {f"p{round(q * 100)}_ms": quantile(seconds, q) * 1000 for q in (0.5, 0.95, 0.99)}
