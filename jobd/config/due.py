"""Checks of when something is due: exactly one of `cron`, `every` and `at`, and each of them possible."""

from __future__ import annotations

from jobd.config.layers import Merged, TomlTable
from jobd.config.positions import Path
from jobd.errors import Problem
from jobd.model import cron
from jobd.model.instant import instant_of
from jobd.model.settings import DaemonSettings
from jobd.model.zone import zone

WHEN = ("cron", "every", "at")
_ONLY_WITH_WHEN = ("timezone", "catch_up_window")


def check_due(merged: Merged, path: Path, table: TomlTable, *, shorthand: bool) -> list[Problem]:
    """What is wrong with the times of one schedule; as a job's `shorthand` they may be absent altogether."""
    given = [key for key in WHEN if key in table]
    problems = []
    if len(given) > 1:
        what = f"has {' and '.join(given)}: only one can say when it is due"
        problems.append(
            merged.problem((*path, given[-1]), what, "a further schedule goes to [schedules.NAME]", at_key=True)
        )
    if not given and not shorthand:
        problems.append(merged.problem(path, "is never due", "give it one of cron, every and at"))
    if not given and shorthand:
        problems += [
            merged.problem((*path, key), "has no effect without cron, every or at", at_key=True)
            for key in _ONLY_WITH_WHEN
            if key in table
        ]
    return [*problems, *_expression(merged, path, table), *_instant(merged, path, table)]


def zone_of(merged: Merged, table: TomlTable) -> str:
    """The time zone that holds for `table`; UTC when it names none (that is reported elsewhere)."""
    for written in (table.get("timezone"), merged.get(("daemon", "timezone")), DaemonSettings().timezone):
        if isinstance(written, str):
            try:
                zone(written)
            except ValueError:
                return "UTC"
            return written
    return "UTC"


def cron_warnings(merged: Merged, path: Path, table: TomlTable) -> list[Problem]:
    """What an expression allows and its author seldom meant; empty when it is wrong altogether."""
    expression = table.get("cron")
    if not isinstance(expression, str):
        return []
    try:
        spec = cron.parse(expression, timezone=zone_of(merged, table), name=str(path[-1]))
    except ValueError:
        return []
    return [merged.problem((*path, "cron"), warning) for warning in spec.warnings]


def _expression(merged: Merged, path: Path, table: TomlTable) -> list[Problem]:
    expression = table.get("cron")
    if not isinstance(expression, str):
        return []
    try:
        cron.parse(expression, timezone=zone_of(merged, table), name=str(path[-1]))
    except cron.CronSyntaxError as error:
        what = f"{error.field}: {error.problem}" if error.field else error.problem
        return [merged.problem((*path, "cron"), what, inside=error.column)]
    return []


def _instant(merged: Merged, path: Path, table: TomlTable) -> list[Problem]:
    try:
        instant_of(table.get("at"), zone_of(merged, table))
    except ValueError as error:
        return [merged.problem((*path, "at"), str(error))]
    return []
