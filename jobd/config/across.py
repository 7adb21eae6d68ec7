"""Checks that look at several keys or tables at once.

They read what was written, not what was validated, so that one wrong key hides no other problem.
"""

from __future__ import annotations

from typing import Any

from jobd.config.due import check_due, cron_warnings
from jobd.config.layers import Merged, TomlTable
from jobd.config.nearest import did_you_mean
from jobd.config.positions import Path
from jobd.config.storable import not_storable
from jobd.config.values import NAME
from jobd.errors import Problem
from jobd.model.job import Job
from jobd.model.privacy import OF_MESSAGE
from jobd.model.queue import Queue
from jobd.model.settings import DaemonSettings

STANDARD_QUEUES = {
    "critical": Queue(name="critical", weight=8),
    "normal": Queue(name="normal", weight=4),
    "default": Queue(name="default", weight=2),
    "low": Queue(name="low", weight=1),
}
"""What is served when `[queues]` is not written: those of the specification."""

COMMAND_ONLY = ("env", "cwd")


def check(merged: Merged) -> tuple[list[Problem], list[Problem]]:
    """What is wrong between keys and tables, and what only deserves a warning."""
    problems = [*_names(merged), *_reserve(merged)]
    queues = list(merged.table(("queues",))) or list(STANDARD_QUEUES)
    jobs = merged.table(("jobs",))
    for name, job in jobs.items():
        if isinstance(job, dict):
            problems += _job(merged, name, job, queues)
    for name, schedule in merged.table(("schedules",)).items():
        if isinstance(schedule, dict):
            problems += _schedule(merged, name, schedule, jobs)
    return problems, _warnings(merged)


def _names(merged: Merged) -> list[Problem]:
    return [
        merged.problem(
            (kind, name),
            "a name has 1 to 63 of a-z, 0-9, - and _, and begins with a letter or digit",
            at_key=True,
        )
        for kind in ("jobs", "queues", "schedules")
        for name in merged.table((kind,))
        if not NAME.fullmatch(name)
    ]


def _job(merged: Merged, name: str, job: TomlTable, queues: list[str]) -> list[Problem]:
    path: Path = ("jobs", name)
    return [
        *_what_runs(merged, path, job),
        *_queue(merged, path, job, queues),
        *_args(merged, path, job),
        *check_due(merged, path, job, shorthand=True),
    ]


def _what_runs(merged: Merged, path: Path, job: TomlTable) -> list[Problem]:
    problems = []
    if ("run" in job) == ("command" in job):
        what = "has both run and command" if "run" in job else "has neither run nor command"
        hint = 'give it one: run = "package.module:function" or command = ["…"]'
        problems.append(merged.problem(path, what, hint))
    if "command" not in job:
        hint = "a function reads its arguments and ctx.settings"
        problems += [
            merged.problem((*path, key), "is for commands only", hint, at_key=True)
            for key in COMMAND_ONLY
            if key in job
        ]
    return problems


def _queue(merged: Merged, path: Path, job: TomlTable, queues: list[str]) -> list[Problem]:
    queue = job.get("queue", Job(name="").queue)
    if not isinstance(queue, str) or queue in queues:
        return []
    at = (*path, "queue") if "queue" in job else path
    hint = did_you_mean(queue, queues)
    known = f"served here: {', '.join(queues)}"
    return [merged.problem(at, f"unknown queue {ascii(queue)[:66]}", f"{hint} {known}" if hint else known)]


def _schedule(merged: Merged, name: str, schedule: TomlTable, jobs: TomlTable) -> list[Problem]:
    path: Path = ("schedules", name)
    problems = []
    job = schedule.get("job")
    if isinstance(job, str) and job not in jobs:
        known = f"known: {', '.join(sorted(jobs)) or 'none'}"
        problems.append(
            merged.problem((*path, "job"), f"unknown job {ascii(job)[:66]}", did_you_mean(job, jobs) or known)
        )
    same = merged.table(("jobs", name))
    if same.keys() & {"cron", "every", "at"}:
        hint = "give this one another name, or move its keys to the job"
        problems.append(merged.problem(path, f"the job {name} has a schedule of this name already", hint, at_key=True))
    return [*problems, *_args(merged, path, schedule), *check_due(merged, path, schedule, shorthand=False)]


def _args(merged: Merged, path: Path, table: TomlTable) -> list[Problem]:
    args = table.get("args")
    if not isinstance(args, dict):
        return []
    return [merged.problem((*path, "args", *inside), what) for inside, what in not_storable(args)]


def _workers(merged: Merged) -> int:
    workers = merged.get(("daemon", "workers"))
    return workers if _is_count(workers) else DaemonSettings().workers


def _reserve(merged: Merged) -> list[Problem]:
    reserved = {
        name: queue["reserve"]
        for name, queue in merged.table(("queues",)).items()
        if isinstance(queue, dict) and _is_count(queue.get("reserve"))
    }
    workers = _workers(merged)
    if not reserved or sum(reserved.values()) < workers:
        return []
    largest = max(reserved, key=lambda name: reserved[name])
    what = f"{sum(reserved.values())} workers are reserved in all, of {workers}: none is left for other queues"
    return [merged.problem(("queues", largest, "reserve"), what, "raise [daemon] workers or reserve fewer")]


def _warnings(merged: Merged) -> list[Problem]:
    workers = _workers(merged)
    warnings = [
        merged.problem(("queues", name, "max"), f"is more than the {workers} workers of this node: it limits nothing")
        for name, queue in merged.table(("queues",)).items()
        if isinstance(queue, dict) and _is_count(queue.get("max")) and queue["max"] > workers
    ]
    if {"url", "url_file"} & merged.table(("database",)).keys() and merged.table(("database", "embedded")):
        warnings.append(merged.problem(("database", "embedded"), "has no effect: a database URL is given", at_key=True))
    if "keep" in merged.table(("privacy",)) and not merged.get(("privacy", "redact")):
        what = "has no effect: redact names nothing that could be overwritten"
        warnings.append(merged.problem(("privacy", "keep"), what, 'add redact = ["args.…"]'))
    for path in _hide_nothing(merged.get(("privacy", "redact"))):
        hint = f"after mail. stands one of {', '.join(OF_MESSAGE)} or *"
        warnings.append(merged.problem(("privacy", "redact"), f"{path} hides nothing of a message", hint))
    for kind in ("jobs", "schedules"):
        for name, table in merged.table((kind,)).items():
            warnings += cron_warnings(merged, (kind, name), table) if isinstance(table, dict) else []
    return warnings


def _hide_nothing(redact: Any) -> list[str]:
    """The paths that begin with `mail.` and go on with what no message has, or needs to be shown by."""
    paths = [path for path in redact if isinstance(path, str)] if isinstance(redact, list) else []
    return [path for path in paths if path[:5] == "mail." and path.split(".")[1] not in (*OF_MESSAGE, "*")]


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
