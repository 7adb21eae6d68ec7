"""A further schedule of a job: its name, when it is due, said back in words while that is typed, and its arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from textual import on
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from jobd.client import Refused
from jobd.client.asks import settings
from jobd.dashboard.changes import plans
from jobd.dashboard.changes.arguments import Line, Typed
from jobd.dashboard.changes.deed import Deed, Wrong
from jobd.dashboard.changes.plans import Plan
from jobd.dashboard.changes.reloading import INVALID
from jobd.dashboard.looks import Eye
from jobd.dashboard.widgets.field import Field
from jobd.dashboard.widgets.job_form import JobForm
from jobd.dashboard.widgets.words import Words
from jobd.dashboard.words.plans import SLOTS, meaning
from jobd.errors import Conflict, JobdError
from jobd.model.display import display_safe
from jobd.model.reports import JobReport
from jobd.model.zone import zone

WHEN, ZONE = "when", "time zone"
LINES = {"cron": WHEN, "every": WHEN, "at": WHEN, "timezone": ZONE}
"""Keys of the table → the line that they are typed in."""
ADVICE = "; jobd check shows each problem with its line"
"""Of no use here: the file was not written."""


class NewSchedule(JobForm):
    """The name of the new schedule; None when it was left."""

    HEADING: ClassVar[str] = "New schedule"
    GO: ClassVar[str] = "Add"
    BESIDE: ClassVar[frozenset[str]] = frozenset({WHEN, ZONE})
    CSS = (
        JobForm.CSS
        + """
    NewSchedule #meaning { height: auto; margin-left: 26; }
    NewSchedule.-short #meaning { margin-left: 20; }
    """
    )

    def __init__(self) -> None:
        super().__init__(None, {})
        self._zone = "UTC"
        """The daemon's: by whose clock it fires while no other is typed."""

    def fields(self) -> Iterable[Widget]:
        yield Field(Line("name", "", "a-z, 0-9 and -, such as hourly-tidy"), id="name")
        yield Field(Line(WHEN, "", "30 2 * * mon-fri"), id="when")
        yield Words(id="meaning")
        yield Field(Line(ZONE, "", ""), id="zone")
        yield Vertical(id="arguments")

    async def prepare(self) -> None:
        shown = await self.dash.client.ask(settings.shown())
        for setting in shown.settings:
            if setting.key == "daemon.timezone":
                self._zone = json.loads(setting.value)

    def taken(self, job: JobReport) -> None:
        self.query_one("#zone Input", Input).placeholder = f"the daemon's: {display_safe(self._zone)}"
        self._say()

    def deed(self, job: JobReport, said: Typed) -> Deed:
        args, problems = plans.values(job, said)
        plan = self._plan(job, args)
        if wrong := [*self._wrong(plan), *problems]:
            raise Wrong(wrong)
        return plans.add(plan)

    def echo(self, job: JobReport, said: Typed) -> str:
        return self._plan(job, plans.values(job, said)[0]).command()

    def done(self, deed: Deed, value: Any) -> str:
        return self.value("name")

    def problems(self, error: JobdError) -> Sequence[str]:
        name, text = self.value("name"), str(error).removesuffix(ADVICE)
        if isinstance(error, Conflict) and f"schedule {name} " in text:
            return [f"name: {text}"]
        if not isinstance(error, Refused) or error.code != INVALID:
            return [text]
        return [self._line_of(line, name) for line in text.splitlines()]

    @on(Input.Changed, "#name Input, #when Input, #zone Input")
    def _say(self) -> None:
        slots = 1 if self.has_class("-short") else SLOTS
        told = meaning(self._plan(None, {}), self._zone, Eye.open(ascii=self.dash.ascii), slots)
        self.query_one("#meaning", Words).say(told)

    def _plan(self, job: JobReport | None, args: dict[str, Any]) -> Plan:
        kind, when = plans.due(self.value("when"))
        name = job.name if job is not None else ""
        return Plan(name=self.value("name"), job=name, kind=kind, when=when, timezone=self.value("zone"), args=args)

    def _wrong(self, plan: Plan) -> Iterator[str]:
        if not plan.name:
            yield "name: what is it to be called?"
        try:
            zone(plan.timezone or self._zone)
        except ValueError as error:
            yield f"{ZONE}: {error}"
            return
        try:
            plan.schedule(self._zone)
        except ValueError as error:
            yield f"{WHEN}: {error}"

    def _line_of(self, problem: str, name: str) -> str:
        """A problem of the file as one of the line that it was typed in: its place in the file is nothing to go to."""
        table = re.escape(f"schedules.{name}") + "|" + re.escape(f'schedules."{name}"')
        if (found := re.fullmatch(rf".*?:[0-9]+:[0-9]+: (?:{table})(?:\.(\w+))?([.\w]*): (.*)", problem)) is None:
            return problem
        key, inside, said = found.groups()
        return f"{LINES.get(key, key) if key else 'name'}{inside}: {said}"
