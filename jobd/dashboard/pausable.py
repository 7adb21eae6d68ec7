"""A screen of things that operators pause: p pauses and resumes, P says why and for how long, u takes a change back."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from jobd.client.asks import audit
from jobd.dashboard.changes import deeds
from jobd.dashboard.changes.deed import Deed
from jobd.dashboard.changes.pausing import HINT, pause_of, wrong
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.ask import Ask
from jobd.dashboard.widgets.table import Table
from jobd.errors import JobdError
from jobd.model.change import AuditEntry
from jobd.model.reports import QueueReport, ScheduleReport
from jobd.model.roles import Role

Thing = QueueReport | ScheduleReport
LOOKED_BACK = 50
"""Entries of the journal about one thing in which its last change is looked for."""


class Pausable(Page):
    """`chosen` is what the keys are about."""

    ACTS: ClassVar[dict[str, Role]] = dict.fromkeys(("pause", "pause_for", "undo"), Role.OPERATOR)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause/resume"),
        Binding("P", "pause_for", "Pause with a reason, for a time", show=False),
        Binding("u", "undo", "Undo the last change", show=False),
    ]

    @property
    def chosen(self) -> Thing | None:
        """What the keys are about; None when there is nothing."""
        raise NotImplementedError

    def action_copy_name(self) -> None:
        if (thing := self.chosen) is not None:
            self.copy(thing.name, f"name {thing.name}")

    def sure(self, what: str) -> bool:
        """False, and said, when nobody can mean what is chosen."""
        return self.dash.meant(self.query(Table).first(), what)

    def action_pause(self) -> None:
        if (thing := self.chosen) is not None and self.sure(f"{kind(thing)} {thing.name}"):
            self.do(_pausing(thing))

    def action_pause_for(self) -> None:
        if (thing := self.chosen) is None:
            return
        if thing.paused_at is not None:
            self.dash.say(f"{kind(thing)} {thing.name} is paused already; p lets it go on", bad=True)
            return

        def said(text: str | None) -> None:
            if text is not None:
                lasts, reason = pause_of(text)
                self.do(_pausing(thing, reason, lasts))

        self.app.push_screen(Ask(f"Pause {kind(thing)} {thing.name}", hint=HINT, check=wrong), said)

    def action_undo(self) -> None:
        """The last change that was made here, as the line above the keys says; else the last one of what is chosen."""
        if self.dash.back is not None or (thing := self.chosen) is None:
            self.dash.action_undo()
        else:
            self.run_worker(self._undo(thing), group="deeds")

    async def _undo(self, thing: Thing) -> None:
        try:
            found = await self.client.ask(audit.page(LOOKED_BACK, target=thing.name))
        except JobdError as error:
            self.dash.say(str(error), bad=True)
            return
        entry = next((one for one in found.entries if _can_be_undone(one, thing)), None)
        if entry is None:
            self.dash.say(f"nothing was changed about {kind(thing)} {thing.name} that could be undone", bad=True)
            return
        answer = await self.dash.carry_out(deeds.undo_change(entry, mine=entry.id in self.dash.mine))
        if answer is not None:
            self.old(at_once=True)


def kind(thing: Thing) -> str:
    """What it is, and the first half of its actions in the journal."""
    return "queue" if isinstance(thing, QueueReport) else "schedule"


def _pausing(thing: Thing, reason: str | None = None, lasts: str | None = None) -> Deed:
    """Pause it, or let it go on."""
    if isinstance(thing, QueueReport):
        return deeds.pause_queue(thing, reason, lasts)
    return deeds.pause_schedule(thing, reason, lasts)


def _can_be_undone(entry: AuditEntry, thing: Thing) -> bool:
    return entry.can_be_undone and entry.target == thing.name and entry.action.partition(".")[0] == kind(thing)
