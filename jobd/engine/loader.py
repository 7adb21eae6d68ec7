"""What a job names → something that can be called, with an error a person can act on."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

from jobd.errors import LoadError
from jobd.model.job import Job

SHOWN = 10
"""Functions of a module that an error lists."""


class Kind(StrEnum):
    ASYNC = "async"
    PLAIN = "plain"  # in a thread
    COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedJob:
    """A job and what it runs."""

    job: Job
    kind: Kind
    function: Callable[..., Any] | None
    """Absent for a command."""
    timeout_seconds: float | None


def make_importable(directory: Path) -> None:
    """Let jobs be named by files that lie beside the configuration, as with `python` and its script's directory."""
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))


def load_function(spec: str) -> Callable[..., Any]:
    """The function that "package.module:function" names.

    Raises:
        LoadError: names the part that is missing, and the original error.
    """
    module_name, colon, name = spec.partition(":")
    if not colon or not module_name or not name:
        raise LoadError(f'"{spec}" is not of the form "package.module:function"')
    try:
        target: Any = importlib.import_module(module_name)
    except Exception as error:
        what = f'"{spec}": importing {module_name} failed: {type(error).__name__}: {error}'
        raise LoadError(what, hint=_import_hint(module_name, error)) from error
    module = target
    for part in name.split("."):
        try:
            target = getattr(target, part)
        except AttributeError:
            what = f'"{spec}": {module_name} has no function "{name}"'
            raise LoadError(what, hint=_functions(module, name), inside=len(module_name) + 2) from None
    if not callable(target):
        raise LoadError(f'"{spec}" is not a function but {type(target).__name__}')
    return target  # type: ignore[no-any-return]


def _import_hint(module: str, error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
        return "is it installed in this Python, or does its file lie beside the configuration?"
    return f"{sys.executable} -c 'import {module}' shows where"


def _functions(module: ModuleType, name: str) -> str:
    """The function that was meant, or those that are there."""
    there = sorted(known for known, value in vars(module).items() if inspect.isfunction(value) and known[0] != "_")
    if near := get_close_matches(name, there, n=1):
        return f'did you mean "{near[0]}"?'
    return f"it has {', '.join(there[:SHOWN])}{' …' if len(there) > SHOWN else ''}" if there else "it has no function"


def load_job(job: Job) -> LoadedJob:
    """What `job` runs, ready to be called.

    Raises:
        LoadError: its function cannot be loaded, or cannot take a context.
    """
    timeout = job.timeout.total_seconds() if job.timeout else None
    if job.command is not None:
        return LoadedJob(job=job, kind=Kind.COMMAND, function=None, timeout_seconds=timeout)
    if job.run is None:
        raise LoadError(f'job "{job.name}" names neither a function nor a command')
    function = load_function(job.run)
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise LoadError(f'"{job.run}": its parameters cannot be read: {error}') from error
    takes_context = parameters and parameters[0].kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    if not takes_context:
        raise LoadError(f'"{job.run}" must take the context as its first parameter: def job(ctx, *, …)')
    kind = Kind.ASYNC if inspect.iscoroutinefunction(function) else Kind.PLAIN
    return LoadedJob(job=job, kind=kind, function=function, timeout_seconds=timeout)
