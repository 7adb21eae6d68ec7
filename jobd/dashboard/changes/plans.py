"""Schedules that are written down and taken away here: as they are typed, as the daemon and as `jobctl` take them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from jobd.client.asks import schedules
from jobd.dashboard.changes.arguments import Typed, hidden, read
from jobd.dashboard.changes.deed import Care, Deed, command
from jobd.errors import Conflict
from jobd.model.cron import CronSyntaxError
from jobd.model.duration import format_duration, parse_duration
from jobd.model.instant import instant_of
from jobd.model.reload import ConfigChanges
from jobd.model.reports import JobReport, NextSlots, ScheduleReport
from jobd.model.roles import Role
from jobd.model.schedule import Schedule
from jobd.model.zone import zone

_WRITTEN = re.compile(r"(?:.*/)?[^/]+\.d/schedules\.toml:[0-9]+")
"""The place of a schedule in the one file that the daemon writes itself."""
_SWITCHED_OFF = "disabled in the configuration"
"""The reason of a schedule that is off itself, and not because its job is."""
_EXAMPLES = {"cron": "CRON", "every": "90s", "at": "INSTANT"}
_CATCH_UP = timedelta(hours=1)
"""What holds for a schedule that says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The table `[schedules.NAME]`; nothing of it is checked."""

    name: str
    job: str
    kind: str
    """`cron`, `every` or `at`."""
    when: str
    timezone: str = ""
    """Empty: the daemon's."""
    args: Mapping[str, Any] = field(default_factory=dict)
    catch_up_window: str = ""
    enabled: bool = True

    def table(self) -> dict[str, Any]:
        """As jobd.toml and the API take it."""
        table = {"job": self.job, self.kind: self.when, "timezone": self.timezone, "args": self.args}
        table["catch_up_window"] = self.catch_up_window
        return {key: value for key, value in table.items() if value} | ({} if self.enabled else {"enabled": False})

    def command(self) -> str:
        """The line of jobctl that writes it down; words stand for what is not typed yet."""
        return command("schedules", "add", self.name or "NAME", "--job", self.job, *self._options())

    def schedule(self, daemons_zone: str) -> Schedule:
        """What the daemon would make of it.

        Raises:
            ValueError: it is never due; the message says what is wrong with `when` or `timezone`.
        """
        by = self.timezone or daemons_zone
        zone(by)
        made = Schedule(
            name=self.name,
            job=self.job,
            cron=self.when if self.kind == "cron" else None,
            every=parse_duration(self.when) if self.kind == "every" else None,
            at=_instant(self.when, by) if self.kind == "at" else None,
            timezone=by,
        )
        try:
            made.check()
        except CronSyntaxError as error:  # what is typed stands above it
            raise ValueError(f"{error.field}: {error.problem}" if error.field else error.problem) from None
        return made

    def _options(self) -> Iterator[str]:
        yield from (f"--{self.kind}", self.when or _EXAMPLES[self.kind])
        if self.timezone:
            yield from ("--timezone", self.timezone)
        if self.catch_up_window:
            yield from ("--catch-up-window", self.catch_up_window)
        if self.args:
            yield from ("--args-json", json.dumps(dict(self.args), ensure_ascii=True))
        if not self.enabled:
            yield "--disabled"


def due(text: str) -> tuple[str, str]:
    """Which of `cron`, `every` and `at` a line says, and what of it: `0 4 * * *`, `every 5m`, `at 2026-12-01T09:00`."""
    word, _, rest = text.strip().partition(" ")
    return (word.lower(), rest.strip()) if word.lower() in ("cron", "every", "at") else ("cron", text.strip())


def values(job: JobReport, said: Typed) -> tuple[dict[str, Any], list[str]]:
    """What was typed as values, and what is wrong with it: nobody is there to be told when the schedule fires."""
    listed = {parameter.name: parameter for parameter in job.parameters or ()}
    found, problems = dict(said.args), []
    for name, text in said.texts.items():
        try:
            found[name] = read(text, listed[name].type)
        except ValueError as error:
            problems.append(f"{name}: {error}")
    given = found.keys() | said.texts.keys()
    lacking = [one for one in listed.values() if one.required and one.name not in given]
    return found, [*problems, *(f"{one.name}: is required ({one.type})" for one in lacking)]


def add(plan: Plan) -> Deed:
    """Write it down, and have it fire from now on."""
    return Deed(
        ask=schedules.add(plan.name, plan.table()),
        title=f"Add schedule {plan.name}",
        command=plan.command(),
        done=lambda changes: f"schedule {plan.name} is added: {_told(changes)}",
        undo=command("schedules", "remove", plan.name),
        role=Role.ADMIN,
        blind=True,
    )


def remove(schedule: ScheduleReport, told: NextSlots) -> Deed:
    """Take it away; `told` says what the list does not."""
    _, lost = _split(told.args)
    detail = f"{schedule.job} is not due by it any more. Its history stays, and so do runs of it that wait."
    return Deed(
        ask=schedules.remove(schedule.name),
        title=f"Remove schedule {schedule.name}",
        detail=detail,
        command=command("schedules", "remove", schedule.name),
        done=lambda changes: f"schedule {schedule.name} is removed: {_told(changes)}",
        undo=_as_it_stands(schedule, told).command() + (f", and {lost}" if lost else ""),
        care=Care.ASK,
        role=Role.ADMIN,
    )


def written_by_daemon(schedule: ScheduleReport) -> None:
    """Nothing, where the daemon itself wrote it down.

    Raises:
        Conflict: it stands elsewhere; the message says where, and what to do instead.
    """
    if _WRITTEN.fullmatch(schedule.place):
        return
    if not schedule.place:
        raise Conflict(f"schedule {schedule.name} was written by another node: remove it in the files over there")
    place = f"schedule {schedule.name} stands in {schedule.place}, which people write"
    raise Conflict(f"{place}: take it out there (key e), then: jobctl reload")


def _as_it_stands(schedule: ScheduleReport, told: NextSlots) -> Plan:
    catch_up = timedelta(seconds=told.catch_up_seconds)
    if schedule.cron is not None:
        kind, when = "cron", schedule.cron
    elif schedule.every_seconds is not None:
        kind, when = "every", format_duration(timedelta(seconds=schedule.every_seconds))
    else:
        kind, when = "at", schedule.at.isoformat() if schedule.at else ""
    return Plan(
        name=schedule.name,
        job=schedule.job,
        kind=kind,
        when=when,
        timezone="" if kind == "every" else schedule.timezone,
        args=_split(told.args)[0],
        catch_up_window="" if catch_up == _CATCH_UP else format_duration(catch_up),
        enabled=schedule.enabled or schedule.disabled_reason != _SWITCHED_OFF,
    )


def _split(args: Mapping[str, Any] | str) -> tuple[dict[str, Any], str]:
    """The arguments that can be seen, and in words those that cannot."""
    if isinstance(args, str):
        return {}, "its arguments, which are hidden"
    seen = {name: value for name, value in args.items() if not hidden(value)}
    lost = ", ".join(name for name in args if name not in seen)
    return seen, f"{lost}, which is hidden" if lost else ""


def _told(changes: ConfigChanges) -> str:
    """What the reload changed: other edits of the files were taken over with it."""
    return " · ".join((changes.summary(), *changes.warnings))


def _instant(text: str, by: str) -> Any:
    if (found := instant_of(text, by)) is None:
        raise ValueError(f"{text[:60]!r} is not a date and time such as 2027-01-31T08:00")
    return found
