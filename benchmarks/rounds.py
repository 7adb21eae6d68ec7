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
BREAKS = (Broken, Skipped, JobdError, TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""How a measurement can end without numbers: the others are taken all the same."""


@dataclass(slots=True)
class Results:
    """What was found, number by number, one value a round."""

    figures: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    floors: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    skipped: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def add(self, figure: Figure, numbers: Numbers) -> None:
        for name, value in numbers.items():
            self.figures[figure.name][name].append(value)

    def give_up(self, figure: Figure, error: Exception) -> None:
        """This figure is not to be had; what nobody foresaw goes on its way."""
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        if isinstance(error, Skipped):
            self.skipped[figure.name] = str(error)
        elif isinstance(error, BREAKS):
            self.broken[figure.name] = f"{type(error).__name__}: {error}"
        else:
            raise error


class Floors:
    """The floors of one round."""

    def __init__(self, bench: Bench, results: Results, *, shared: bool) -> None:
        self._bench, self._results, self._shared = bench, results, shared
        self._known: dict[str, float] = {}

    async def take(self, name: str) -> float:
        """The number that figures are held against."""
        if name not in self._known or not self._shared:
            floor = FLOORS[name]
            numbers = await floor.measure(self._bench)
            for number, value in numbers.items():
                self._results.floors[number].append(value)
            self._known[name] = numbers[floor.number]
        return self._known[name]


async def take(bench: Bench, figures: Sequence[Figure], rounds: int, *, shared_floors: bool) -> Results:
    """All figures in so many rounds; one that was skipped or broke is not tried again.

    Each figure has a floor taken beside it; with `shared_floors` those of one round share one.
    """
    results = Results()
    for number in range(1, rounds + 1):
        floors = Floors(bench, results, shared=shared_floors)
        for figure in figures:
            if figure.name in results.skipped or figure.name in results.broken:
                continue
            began = time.monotonic()
            try:
                numbers = await _one(bench, figure, floors, floor_first=number % 2 == 1)
                results.add(figure, numbers)
            except (ExceptionGroup, *BREAKS) as error:
                results.give_up(figure, error)
            _progress(f"round {number} of {rounds}: {figure.name}, {time.monotonic() - began:.1f} s")
    return results


async def _one(bench: Bench, figure: Figure, floors: Floors, *, floor_first: bool) -> Numbers:
    """One figure and its floor; which goes first alternates, so that a drift of the machine favours neither."""
    if figure.floor is None:
        return await figure.measure(bench)
    if floor_first:
        floor = await floors.take(figure.floor)
        return _with_ratio(await figure.measure(bench), figure.headline, floor)
    numbers = await figure.measure(bench)
    return _with_ratio(numbers, figure.headline, await floors.take(figure.floor))


def _with_ratio(numbers: Numbers, headline: str, floor: float) -> Numbers:
    ratio = numbers[headline] / floor
    return {headline: numbers[headline], RATIO: ratio, **{k: v for k, v in numbers.items() if k != headline}}


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
