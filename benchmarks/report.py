"""The table for people and the object for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.figure import Figure
from benchmarks.rounds import RATIO, Results

UNITS = {
    "runs_per_second": "runs/s",
    "slots_per_second": "slots/s",
    "statements_per_second": "statements/s",
    "p50_ms": "ms (p50)",
    "claim_p99_ms": "ms (p99)",
    "grown_mb": "MB more",
    "key_p95_ms": "ms key to paint (p95)",
}
WORDS = {
    "cpu_us_per_run": "µs CPU/run",
    "statements_per_1000": "statements/1,000 runs",
    "p95_ms": "p95 ms",
    "p99_ms": "p99 ms",
    "cpu_percent": "% CPU",
    "first_paint_ms": "ms to the first paint",
    "first_data_ms": "ms to the first data",
    "first_page_ms": "ms for the first page of runs",
    "key_p50_ms": "ms key to paint (p50)",
    "list_shown_ms": "ms to open the list",
    "idle_cpu_percent": "% CPU idle",
    "idle_bytes_per_second": "B/s idle",
    "updates_cpu_percent": "% CPU at 2 runs/s",
    "updates_bytes_per_second": "B/s at 2 runs/s",
    "rss_mb": "MB",
}


def as_json(results: Results, machine: Mapping[str, str | float]) -> str:
    """One object in one line: medians by figure, the floors, and the machine."""
    found: dict[str, object] = {
        name: {number: _rounded(median(values)) for number, values in numbers.items()}
        for name, numbers in results.figures.items()
    }
    found["floor"] = {name: _rounded(median(values)) for name, values in results.floors.items()}
    found |= {name: {"skipped": why} for name, why in results.skipped.items()}
    found |= {name: {"broken": why} for name, why in results.broken.items()}
    return json.dumps({**found, "machine": machine}, ensure_ascii=False)


def table(results: Results, figures: Sequence[Figure], machine: Mapping[str, str | float]) -> str:
    """One line a figure: its headline with its spread, the ratio to the floor, and the medians of all else."""
    rows = [("figure", "median [min–max]", "of floor", "and")]
    rows += [_row(results, figure) for figure in figures]
    rows += [(f"floor: {name.replace('_', ' ')}", _spread(values), "", "") for name, values in results.floors.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join([*map(str.ljust, row, widths), row[3]]).rstrip() for row in rows]
    lines.insert(1, "-" * (sum(widths) + 8))
    return "\n".join([", ".join(f"{name} {value}" for name, value in machine.items()), *lines])


def _row(results: Results, figure: Figure) -> tuple[str, str, str, str]:
    if why := results.skipped.get(figure.name):
        return figure.title, "skipped", "", why
    if why := results.broken.get(figure.name):
        return figure.title, "BROKEN", "", why
    numbers = dict(results.figures[figure.name])
    headline, ratio = numbers.pop(figure.headline), numbers.pop(RATIO, None)
    rest = ", ".join(f"{_plain(median(values))} {_word(name)}" for name, values in numbers.items())
    unit = UNITS.get(figure.headline, figure.headline)
    return figure.title, f"{_spread(headline)} {unit}", f"{_spread(ratio)}" if ratio else "", rest


def _word(name: str) -> str:
    return WORDS.get(name, name.replace("_", " "))


def _spread(values: Sequence[float]) -> str:
    if len(values) == 1:
        return _plain(values[0])
    return f"{_plain(median(values))} [{_plain(min(values))}–{_plain(max(values))}]"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _rounded(value: float) -> float:
    """Five digits: more is noise."""
    return float(f"{value:.5g}")
