"""Rounds: each takes every figure once, next to its floor, so that both see the same machine."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from benchmarks.bench import Bench
from benchmarks.figure import Broken, Figure, Numbers, Skipped
from benchmarks.figures import FLOORS
from jobd.errors import JobdError

RATIO = "ratio_to_floor"
BREAKS = (Broken, JobdError, TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""How a measurement can break: the others are taken all the same."""


@dataclass(slots=True)
class Results:
    """What was found, number by number, one value a round."""

    figures: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    floors: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    skipped: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)


async def take(bench: Bench, figures: Sequence[Figure], rounds: int) -> Results:
    """All figures in so many rounds; one that was skipped or broke is not tried again."""
    results = Results()
    for number in range(1, rounds + 1):
        for figure in figures:
            if figure.name in results.skipped or figure.name in results.broken:
                continue
            began = time.monotonic()
            try:
                await _one(bench, figure, results, floor_first=number % 2 == 1)
            except Skipped as why:
                results.skipped[figure.name] = str(why)
            except BREAKS as error:
                results.broken[figure.name] = f"{type(error).__name__}: {error}"
            _progress(f"round {number} of {rounds}: {figure.name}, {time.monotonic() - began:.1f} s")
    return results


async def _one(bench: Bench, figure: Figure, results: Results, *, floor_first: bool) -> None:
    """One figure and its floor; which goes first alternates, so that a drift of the machine favours neither."""
    floor = await _floor(bench, figure, results) if floor_first else None
    numbers = await figure.measure(bench)
    if not floor_first:
        floor = await _floor(bench, figure, results)
    if floor is not None:
        numbers = _with_ratio(numbers, figure.headline, floor)
    for name, value in numbers.items():
        results.figures[figure.name][name].append(value)


async def _floor(bench: Bench, figure: Figure, results: Results) -> float | None:
    if figure.floor is None:
        return None
    floor = FLOORS[figure.floor]
    numbers = await floor.measure(bench)
    for name, value in numbers.items():
        results.floors[name].append(value)
    return numbers[floor.number]


def _with_ratio(numbers: Numbers, headline: str, floor: float) -> Numbers:
    ratio = numbers[headline] / floor
    return {headline: numbers[headline], RATIO: ratio, **{k: v for k, v in numbers.items() if k != headline}}


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
