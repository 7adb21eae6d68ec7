"""The benchmarks as CI runs them: they work and say what they promise; no time is asserted."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from subprocess import PIPE
from typing import Any, cast

import pytest

from benchmarks.bench import Bench
from benchmarks.figure import Broken, Figure, Numbers, Skipped, quantile
from benchmarks.figures import FIGURES, FLOORS
from benchmarks.report import as_json, table
from benchmarks.rounds import Results, take

ROOT = Path(__file__).resolve().parents[2]
NO_BENCH = cast(Bench, None)
"""For measurements that need none."""


async def ran(*words: str) -> tuple[int, str, str]:
    """(status, stdout, stderr) of the benchmarks as a process."""
    async with asyncio.timeout(100):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks", *words, cwd=ROOT, stdout=PIPE, stderr=PIPE
        )
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_quick_prints_a_table_and_one_json_object_as_its_last_line() -> None:
    status, out, err = await ran("--quick", "--json", "--only", "enqueue_1", "drain")
    assert status == 0, err
    *lines, last = out.splitlines()
    assert [line.split("  ")[0] for line in lines if " runs/s " in line] == [
        "enqueue, 1 caller in process",
        "drain, 1 daemon",
    ]
    found = json.loads(last)
    assert set(found) == {"enqueue_1", "drain", "floor", "machine"}
    assert set(found["drain"]) == {"runs_per_second", "ratio_to_floor", "cpu_us_per_run", "statements_per_1000"}
    assert set(found["enqueue_1"]) == {"runs_per_second", "ratio_to_floor"}
    assert set(found["floor"]) == {"commits_per_second", "drain_runs_per_second"}
    for numbers in (found["drain"], found["enqueue_1"], found["floor"]):
        assert all(value > 0 for value in numbers.values()), found
    ratio = found["drain"]["runs_per_second"] / found["floor"]["drain_runs_per_second"]
    assert found["drain"]["ratio_to_floor"] == pytest.approx(ratio, rel=0.01)


async def test_a_figure_that_does_not_exist_is_refused_with_the_names_that_do() -> None:
    status, _, err = await ran("--quick", "--only", "drian")
    assert status == 2
    assert "drain_weighted" in err


def figure(name: str, *outcomes: Numbers | Exception) -> Figure:
    """A figure that finds these, one a round."""
    left = list(outcomes)

    async def measure(_: Bench) -> Numbers:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return Figure(name=name, title=name, measure=measure, headline="runs_per_second")


async def test_a_figure_that_breaks_is_named_and_the_others_are_taken() -> None:
    figures = [
        figure("lost", ExceptionGroup("inside a task group", [Broken("99 of 100 runs ended")])),
        figure("absent", Skipped("no such function")),
        figure("good", {"runs_per_second": 10.0}, {"runs_per_second": 20.0}, {"runs_per_second": 70.0}),
    ]
    results = await take(NO_BENCH, figures, 3, shared_floors=False)
    found = json.loads(as_json(results, {}))
    assert found["lost"] == {"broken": "Broken: 99 of 100 runs ended"}
    assert found["absent"] == {"skipped": "no such function"}
    assert found["good"] == {"runs_per_second": 20.0}
    text = table(results, figures, {})
    assert "20 [10–70] runs/s" in text
    assert "99 of 100 runs ended" in text


async def test_what_nobody_foresaw_ends_the_benchmarks() -> None:
    with pytest.raises(KeyError):
        await take(NO_BENCH, [figure("bug", KeyError("x"))], 1, shared_floors=False)


async def test_a_ratio_is_taken_within_its_round(monkeypatch: pytest.MonkeyPatch) -> None:
    one = figure("one", {"runs_per_second": 10.0}, {"runs_per_second": 100.0}, {"runs_per_second": 30.0})
    floor = figure("floor", {"floor_per_second": 20.0}, {"floor_per_second": 100.0}, {"floor_per_second": 300.0})
    monkeypatch.setitem(FLOORS, "test", type(FLOORS["drain"])("floor_per_second", floor.measure))
    held = Figure(name="one", title="one", measure=one.measure, headline="runs_per_second", floor="test")
    results: Results = await take(NO_BENCH, [held], 3, shared_floors=False)
    assert results.figures["one"]["ratio_to_floor"] == [0.5, 1.0, 0.1]
    assert json.loads(as_json(results, {}))["one"]["ratio_to_floor"] == 0.5


def test_figures_have_names_of_their_own_and_floors_that_exist() -> None:
    names = [one.name for one in FIGURES]
    assert len(set(names)) == len(names)
    assert {one.floor for one in FIGURES} - {None} == set(FLOORS)
    assert "floor" not in names and "machine" not in names


@pytest.mark.parametrize(("q", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_quantile_is_a_value_that_was_seen(q: float, value: Any) -> None:
    assert quantile(list(range(100, 0, -1)), q) == value
