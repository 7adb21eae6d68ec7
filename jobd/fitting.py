"""Whether what is written can be called: the function of each job, and the arguments written for it and its schedules.

A job whose own table is wrong cannot run; a schedule whose arguments are wrong cannot fire, and its job still can.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jobd.config import Config
from jobd.config.due import WHEN
from jobd.config.layers import Merged, dotted
from jobd.config.positions import Path
from jobd.config.values import FUNCTION
from jobd.engine.loader import LoadedJob, load_job, make_importable
from jobd.errors import LoadError, Problem
from jobd.model import arguments
from jobd.model.arguments import Parameters
from jobd.model.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """What keeps a job from being called, or a schedule from firing, and where that is written."""

    kind: str
    """"jobs" or "schedules": which of them cannot."""
    name: str
    path: Path
    problem: str
    hint: str | None = None
    at_key: bool = False
    inside: int = 0

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        return f"{dotted(self.path)}: {self.problem}{hint}"

    def placed(self, merged: Merged) -> Problem:
        """The same at its line."""
        return merged.problem(self.path, self.problem, self.hint, at_key=self.at_key, inside=self.inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """A schedule as far as calling is concerned."""

    name: str
    job: str
    path: Path
    """Its own table, or that of its job when it stands there by shorthand."""
    args: Mapping[str, Any]


def written_problems(merged: Merged) -> list[Problem]:
    """For every job and schedule that can be read, whatever else is wrong in the files: why it cannot be called."""
    make_importable(merged.layers[0].directory)
    tables = {name: table for name, table in merged.table(("jobs",)).items() if isinstance(table, dict)}
    found, loaded = [], {}
    for name, table in tables.items():
        run = table.get("run")
        if "command" in table or not isinstance(run, str) or not re.match(FUNCTION, run):
            continue  # what is wrong with it is said already
        try:
            loaded[name] = load_job(Job(name=name, run=run))
        except LoadError as error:
            found.append(not_loadable(name, error))
    args = {name: _table(table.get("args")) for name, table in tables.items()}
    found += misfits(loaded, args, _written_firings(merged, tables))
    return [misfit.placed(merged) for misfit in found]


def configured_misfits(config: Config, loaded: Mapping[str, LoadedJob]) -> Iterator[Misfit]:
    """As `misfits`, of a configuration that is otherwise right."""
    firings = (
        Firing(
            name=name,
            job=schedule.job,
            path=("schedules", name) if dotted(("schedules", name)) in config.origins else ("jobs", schedule.job),
            args=schedule.args,
        )
        for name, schedule in config.schedules.items()
    )
    return misfits(loaded, {name: job.args for name, job in config.jobs.items()}, firings)


def not_loadable(job: str, error: LoadError) -> Misfit:
    """The misfit that a function which cannot be loaded is."""
    path: Path = ("jobs", job, "run")
    return Misfit(kind="jobs", name=job, path=path, problem=str(error), hint=error.hint, inside=error.inside)


def misfits(
    loaded: Mapping[str, LoadedJob], args: Mapping[str, Mapping[str, Any]], firings: Iterable[Firing]
) -> Iterator[Misfit]:
    """The arguments in `args` (by job) and of `firings` that functions do not take, or lack: a trigger may give what a
    job's own arguments lack, a schedule has nobody else to ask."""
    functions = {name: job.function for name, job in loaded.items() if job.function is not None}
    takes = {name: Parameters.of(function) for name, function in functions.items()}
    for name, parameters in takes.items():
        for one in parameters.misfits(args.get(name, {})):
            if not one.missing:
                yield _of("jobs", name, ("jobs", name), one)
    for firing in firings:
        if firing.job in takes:
            yield from _of_schedule(firing, takes[firing.job], args.get(firing.job, {}))


def _of_schedule(firing: Firing, parameters: Parameters, jobs_own: Mapping[str, Any]) -> Iterator[Misfit]:
    for one in parameters.misfits({**jobs_own, **firing.args}):
        if one.name in firing.args:
            yield _of("schedules", firing.name, firing.path, one)
        elif one.missing:
            path: Path = (*firing.path, "args")
            what = f"{one.name} {one.problem}: neither this schedule nor its job gives it"
            hint = f"args = {{ {one.name} = … }}"
            yield Misfit(kind="schedules", name=firing.name, path=path, problem=what, hint=hint, at_key=True)


def _of(kind: str, name: str, table: Path, one: arguments.Misfit) -> Misfit:
    unknown = one.hint is not None
    path: Path = (*table, "args", one.name)
    return Misfit(kind=kind, name=name, path=path, problem=one.problem, hint=one.hint, at_key=unknown)


def _written_firings(merged: Merged, jobs: Mapping[str, Mapping[str, Any]]) -> Iterator[Firing]:
    for name, table in jobs.items():
        if table.keys() & set(WHEN):
            yield Firing(name=name, job=name, path=("jobs", name), args={})
    for name, table in merged.table(("schedules",)).items():
        if isinstance(table, dict) and isinstance(table.get("job"), str):
            yield Firing(name=name, job=table["job"], path=("schedules", name), args=_table(table.get("args")))


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
