"""A screen of things that operators pause: p pauses and resumes, P says why and for how long, u takes a change back."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from jobd.client.asks import audit
from jobd.dashboard.changes import deeds
from jobd.dashboard.changes.deed import Deed
from jobd.dashboard.changes.pausing import HINT, pause_of, wrong
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.ask import Ask
from jobd.errors import JobdError
from jobd.model.change import AuditEntry
from jobd.model.reports import QueueReport, ScheduleReport
from jobd.model.roles import Role

LOOKED_BACK = 50
"""Entries of the journal about one thing in which its last change is looked for."""


class Pausable(Page):
    """`chosen` is what the keys are about."""

    KIND: ClassVar[str] = ""
    """`queue` or `schedule`: what is chosen, and the first half of its actions in the journal."""
    ACTS: ClassVar[dict[str, Role]] = dict.fromkeys(("pause", "pause_for", "undo"), Role.OPERATOR)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause/resume"),
        Binding("P", "pause_for", "Pause with a reason, for a time", show=False),
        Binding("u", "undo", "Undo the last change", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._mine: set[int] = set()
        """Changes that were made here: taking them back needs no question."""

    @property
    def chosen(self) -> QueueReport | ScheduleReport | None:
        """What the keys are about; None when there is nothing."""
        raise NotImplementedError

    def pausing(self, reason: str | None = None, lasts: str | None = None) -> Deed | None:
        """Pause what is chosen, or let it go on."""
        raise NotImplementedError

    def change(self, deed: Deed | None) -> None:
        """Do what answers with an entry of the journal, which `u` takes back."""
        self.do(deed, self._made)

    def action_copy_name(self) -> None:
        if (thing := self.chosen) is not None:
            self.copy(thing.name, f"name {thing.name}")

    def action_pause(self) -> None:
        self.change(self.pausing())

    def action_pause_for(self) -> None:
        if (thing := self.chosen) is None:
            return
        if thing.paused_at is not None:
            self.dash.say(f"{self.KIND} {thing.name} is paused already; p lets it go on", bad=True)
            return
        self.app.push_screen(
            Ask(f"Pause {self.KIND} {thing.name}", hint=HINT, check=wrong), self._pause_said(thing.name)
        )

    def action_undo(self) -> None:
        if (thing := self.chosen) is not None:
            self.run_worker(self._undo(thing.name), group="deeds")

    def _pause_said(self, name: str) -> Any:
        """What takes the line that was typed; the thing may not be the chosen one any more."""

        def said(text: str | None) -> None:
            if text is not None and self.chosen is not None and self.chosen.name == name:
                lasts, reason = pause_of(text)
                self.change(self.pausing(reason, lasts))

        return said

    async def _undo(self, name: str) -> None:
        try:
            found = await self.client.ask(audit.page(LOOKED_BACK, target=name))
        except JobdError as error:
            self.dash.say(str(error), bad=True)
            return
        entry = next((one for one in found.entries if self._can_be_undone(one, name)), None)
        if entry is None:
            self.dash.say(f"nothing was changed about {self.KIND} {name} that could be undone", bad=True)
            return
        answer = await self.dash.carry_out(deeds.undo_change(entry, mine=entry.id in self._mine))
        if answer is not None:
            self.old(at_once=True)

    def _can_be_undone(self, entry: AuditEntry, name: str) -> bool:
        return entry.can_be_undone and entry.target == name and entry.action.partition(".")[0] == self.KIND

    def _made(self, entry: AuditEntry) -> None:
        self._mine.add(entry.id)
