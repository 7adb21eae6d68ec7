"""`jobd check`: every problem of a configuration at once, or what it will do."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jobd.cli.which_file import takes_file

if TYPE_CHECKING:
    from jobd.config import Config
    from jobd.config.layers import Merged
    from jobd.errors import Problem
    from jobd.model.schedule import Schedule

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

DONE, WRONG_CONFIGURATION = 0, 9


def add(sub: Subparsers) -> None:
    """The command's arguments."""
    parser = sub.add_parser(
        "check",
        help="check the configuration",
        description="Report every problem of the configuration, or when its schedules are due.",
        epilog="Exit status: 0 usable, 9 not.",
    )
    takes_file(parser)
    parser.add_argument("--show", action="store_true", help="print each value and where it comes from")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print problems and warnings to stderr, the summary to stdout; 0 when it is usable, else 9."""
    from jobd.config import examine
    from jobd.config.report import rendered

    report = examine(args.config, environ=os.environ)
    problems = report.problems if report.merged is None else _all_problems(report.problems, report.merged)
    for warning in report.warnings:
        print(rendered(warning, report.texts, severity="warning"), end="\n\n", file=sys.stderr)
    for problem in problems:
        print(rendered(problem, report.texts), end="\n\n", file=sys.stderr)
    if problems or report.config is None:
        print(_counted(len(problems), "problem"), file=sys.stderr)
        return WRONG_CONFIGURATION
    print(_settings(report.config) if args.show else _summary(report.config))
    return DONE


def _all_problems(found: list[Problem], merged: Merged) -> list[Problem]:
    """With what keeps functions from being called, in the order of the files."""
    from jobd.config.assemble import ordered
    from jobd.fitting import written_problems

    return ordered([*found, *written_problems(merged)], merged)


def _summary(config: Config) -> str:
    """The files, the counts, the database, and each schedule with its next instant."""
    from jobd.store.tls import tls_of

    now = datetime.now(UTC)
    counts = ", ".join(
        _counted(len(things), word)
        for things, word in ((config.jobs, "job"), (config.schedules, "schedule"), (config.queues, "queue"))
    )
    lines = [f"{' + '.join(str(file) for file in config.files)}: {counts}"]
    if config.database.url is not None:
        lines.append(f"database: {tls_of(config.database.url).text}")
    if not config.daemon.enabled:
        lines.append("[daemon] enabled = false: nothing fires and nothing runs")
    width = max((len(name) for name in config.schedules), default=0)
    for name, schedule in sorted(config.schedules.items()):
        lines.append(f"  {name:<{width}}  {_next(config, schedule, now)}")
    return "\n".join(lines)


def _next(config: Config, schedule: Schedule, now: datetime) -> str:
    job = config.jobs[schedule.job]
    if not (schedule.enabled and job.enabled):
        return "disabled"
    due = schedule.next_after(now)
    if due is None:
        return "never due again"
    return f"{due.astimezone(ZoneInfo(schedule.timezone)):%Y-%m-%d %H:%M:%S %Z}  {job.queue}"


def _settings(config: Config) -> str:
    from jobd.config import show

    settings = [(key, value or "-", origin) for key, value, origin in show(config)]
    widths = [max(len(setting[column]) for setting in settings) for column in (0, 1)]
    return "\n".join(f"{key:<{widths[0]}}  {value:<{min(widths[1], 40)}}  {origin}" for key, value, origin in settings)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
