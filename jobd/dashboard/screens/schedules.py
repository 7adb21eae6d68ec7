"""Schedules: when jobs are due, how their latest runs ended, and what keeps one from firing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.widget import Widget

from jobd.client.asks import schedules, why
from jobd.dashboard.changes import deeds
from jobd.dashboard.lists.schedules import OUTCOMES, columns, searched
from jobd.dashboard.pausable import Pausable
from jobd.dashboard.widgets.narrow import Narrow
from jobd.dashboard.widgets.panel import Panel
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.words.schedules import SLOTS, Closer, facts, latest, slots, stands
from jobd.errors import JobdError, NotFound
from jobd.model.reports import ScheduleReport
from jobd.model.roles import Role
from jobd.model.why import Why

MANY, MANY_SECONDS = 1000, 15.0
"""So many take the daemon a tenth of a second to tell: the list is asked for that seldom, the chosen one as ever."""
NONE = "no schedules: give a job in jobd.toml a cron, every or at, then: jobctl reload; or add one (key n)"


class Schedules(Pausable):
    """A list that narrows while a word is typed, and a closer look at the chosen one."""

    NOUN = "schedules"
    LISTENS = frozenset({"run.added", "run.started", "run.ended", "change"})
    ACTS: ClassVar[dict[str, Role]] = {
        **Pausable.ACTS,
        **dict.fromkeys(("trigger", "trigger_with"), Role.OPERATOR),
        **dict.fromkeys(("edit", "new", "remove"), Role.ADMIN),
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash,f", "narrow", "Find", key_display="/"),
        Binding("t", "trigger", "Trigger now"),
        Binding("a", "trigger_with", "Trigger with arguments", show=False),
        Binding("e", "edit", "Edit"),
        Binding("n", "new", "New"),
        Binding("x", "remove", "Remove", show=False),
        Binding("o", "open_last", "Last run", show=False),
        Binding("y", "copy_name", "Copy name", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._all: list[ScheduleReport] = []
        self._searched: list[tuple[str, ScheduleReport]] | None = None
        """What words are looked for in; None until one is."""
        self._listed_at = -MANY_SECONDS
        self._columns = columns(())
        self._closer: Closer | None = None
        self._added: str | None = None  # a new one, to be chosen once it is listed

    def body(self) -> Iterable[Widget]:
        yield Narrow("words of a name, a job or a state, as: mail paused")
        yield Table(self._columns, key=lambda one: one.name, empty="", id="schedules")
        yield Panel(id="chosen")

    @property
    def table(self) -> Table[ScheduleReport]:
        return self.query_one("#schedules", Table)

    @property
    def chosen(self) -> ScheduleReport | None:
        return self.table.row

    # --- what is shown ---

    async def load(self) -> None:
        if len(self._all) < MANY or time.monotonic() - self._listed_at >= MANY_SECONDS:
            self._take(await self.client.ask(schedules.listed(outcomes=OUTCOMES)))
            self._listed_at = time.monotonic()
        elif self.chosen is not None:
            one = await self.client.ask(schedules.one(self.chosen.name, outcomes=OUTCOMES))
            self._take([one if known.name == one.name else known for known in self._all])
        await self._look_closer()

    def _take(self, found: list[ScheduleReport]) -> None:
        self._all, self._searched = found, None
        if (wanted := columns(found)) != self._columns:
            self._columns = wanted
            self.table.set_columns(wanted)
        self._show()

    def _show(self) -> None:
        rows: Sequence[ScheduleReport] = self._all
        if words := self.query_one(Narrow).words:
            if self._searched is None:
                self._searched = [(searched(one), one) for one in self._all]
            rows = [one for text, one in self._searched if all(word in text for word in words)]
        self.table.show(rows, empty=f"none of {len(self._all):,} schedules is called so" if self._all else NONE)
        if self._added is not None and (at := [n for n, one in enumerate(rows) if one.name == self._added]):
            self._added = None
            self.table.choose(at[0])
        self._tell()

    def action_reload(self) -> None:
        self._listed_at = -MANY_SECONDS
        super().action_reload()

    async def _look_closer(self) -> None:
        """What the list does not tell about the chosen one."""
        if (one := self.chosen) is None:
            return
        try:
            coming = await self.client.ask(schedules.next(one.name, SLOTS))
            because: Why | None = None
            if stands(one, self.eye.now):
                because = await self.client.ask(why.schedule(one.name))
        except NotFound:  # it was taken away since
            return
        self._closer = Closer(name=one.name, slots=coming, why=because)
        self._tell()

    def _tell(self) -> None:
        panel, one, eye = self.query_one(Panel), self.chosen, self.eye
        if one is None:
            panel.hide()
            return
        closer = self._closer if self._closer is not None and self._closer.name == one.name else None
        panel.show(one.name, facts(one, closer, eye), slots(one, closer, eye), latest(one, eye))

    def tick(self) -> None:
        super().tick()
        self._tell()

    @on(Table.Moved)
    def _moved(self) -> None:
        self._tell()
        if self.chosen is not None and (self._closer is None or self._closer.name != self.chosen.name):
            self._follow()

    @work(group="closer", exclusive=True)
    async def _follow(self) -> None:
        try:
            await self._look_closer()
        except JobdError as error:
            self.dash.missed(error)
        self.dash.announce()

    # --- finding ---

    def action_narrow(self) -> None:
        self.query_one(Narrow).open()

    @on(Narrow.Narrowed)
    def _narrowed(self) -> None:
        self._show()
        self.table.choose(self.table.at)  # of what is left one was not chosen by chance

    @on(Narrow.Left)
    def _left(self) -> None:
        self.table.focus()

    def action_back(self) -> None:
        if (line := self.query_one(Narrow)).value:
            line.clear_away()
        else:
            super().action_back()

    @on(Table.Opened)
    def _open(self, event: Table.Opened[ScheduleReport]) -> None:
        self.dash.find_runs(f'schedule:"{event.row.name}"')

    def action_open_last(self) -> None:
        from jobd.dashboard.screens.run import RunPage

        if (one := self.chosen) is None:
            return
        if one.last is None:
            self.dash.say(f"schedule {one.name} has no run yet", bad=True)
        else:
            self.app.push_screen(RunPage(one.last.id))

    # --- changes ---

    def action_trigger(self) -> None:
        if (one := self.chosen) is not None and self.sure(f"schedule {one.name}"):
            self.do(deeds.trigger_schedule(one))

    def action_trigger_with(self) -> None:
        from jobd.dashboard.widgets.trigger import Trigger

        if self.chosen is not None:
            self.app.push_screen(Trigger(self.chosen.job, {}, settled=True))

    def action_new(self) -> None:
        from jobd.dashboard.widgets.new_schedule import NewSchedule

        self.app.push_screen(NewSchedule(), self._new)

    def _new(self, name: str | None) -> None:
        if name is not None:
            self._added = name
            self.action_reload()

    def action_remove(self) -> None:
        if self.chosen is not None:
            self.run_worker(self._remove(self.chosen), group="deeds")

    async def _remove(self, one: ScheduleReport) -> None:
        from jobd.dashboard.changes import plans

        try:
            plans.written_by_daemon(one)
            told = await self.client.ask(schedules.next(one.name, 1))
        except JobdError as error:
            self.dash.say(str(error), bad=True)
            return
        if await self.dash.carry_out(plans.remove(one, told)) is not None:
            self.action_reload()

    def action_edit(self) -> None:
        if self.chosen is not None:
            self.run_worker(self._edit(self.chosen), group="deeds")

    async def _edit(self, one: ScheduleReport) -> None:
        from jobd.dashboard.changes.editing import CannotEdit, edit, place_of
        from jobd.dashboard.changes.reloading import taken_over

        try:
            if not self.dash.local:
                raise CannotEdit(f"not from here: edit {one.place} on the daemon's machine, then: jobctl reload")
            status = self.dash.snapshot.status
            place = place_of(one.place, pid=status.health.pid if status else None)
            again = True
            while again:
                with self.app.suspend():
                    changed = edit(place)
                again = changed and not await taken_over(self.dash)
            if not changed:
                self.dash.say("nothing was changed")
        except SuspendNotSupported:
            self.dash.say(f"no editor can be opened in this terminal: edit {one.place}, then: jobctl reload", bad=True)
        except JobdError as error:
            self.dash.say(str(error), bad=True)
        self.old(at_once=True)
