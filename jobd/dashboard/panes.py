"""A screen of several lists between which Tab moves: its keys are about the row that is chosen where the focus is."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from jobd.dashboard import run_keys
from jobd.dashboard.changes import deeds
from jobd.dashboard.changes.bulks import change_all
from jobd.dashboard.changes.deed import Deed
from jobd.dashboard.lists.queues import QueueRow
from jobd.dashboard.pausable import Pausable, Thing
from jobd.dashboard.widgets.table import Table
from jobd.model.bulk import BulkAction
from jobd.model.failures import FailureGroup
from jobd.model.reports import ScheduleReport
from jobd.model.roles import Role
from jobd.model.run import Run, RunState

ELSEWHERE = {
    "p": ("pause", "p pauses a queue or a schedule, and lets it go on: Tab to one of them first"),
    "P": ("pause_for", "P pauses a queue or a schedule for a time: Tab to one of them first"),
    "c": ("cancel", "c cancels a run: Tab to the runs first"),
    "r": ("retry", "r retries a run: Tab to the runs first, or to what failed"),
}
"""Key → its action, and what is said where the pane with the focus has nothing that it could be done to."""


class Panes(Pausable):
    """`PANES` says for each action in which of the lists there is something that it can be done to."""

    PANES: ClassVar[dict[str, tuple[str, ...]]] = {}
    ACTS: ClassVar[dict[str, Role]] = {
        **Pausable.ACTS,
        **dict.fromkeys(("cancel", "retry", "trigger", "trigger_job", "elsewhere"), Role.OPERATOR),
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next pane", key_display="Tab"),
        Binding("shift+tab", "app.focus_previous", "Pane before", show=False),
        *Pausable.BINDINGS,  # a key that is bound here again has lost what it was bound to before
        Binding("t", "trigger", "Trigger now"),
        Binding("t", "trigger_job", "Trigger"),
        Binding("c", "cancel", "Cancel"),
        Binding("r", "retry", "Retry"),
        *(Binding(key, f"elsewhere('{key}')", show=False) for key in ELSEWHERE),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._about: RunState | None = None
        """The state of the chosen run: what its keys are named for."""

    @property
    def focused_table(self) -> Table[Any] | None:
        return self.focused if isinstance(self.focused, Table) else None

    @property
    def row(self) -> Any:
        """The chosen row where the focus is; None when there is none."""
        return self.focused_table.row if self.focused_table is not None else None

    @property
    def chosen(self) -> Thing | None:
        row = self.row
        return row.queue if isinstance(row, QueueRow) else row if isinstance(row, ScheduleReport) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done in this pane, for those who may."""
        if action == "elsewhere":
            action = ELSEWHERE[str(parameters[0])][0]
            return not self._fits(action) and super().check_action(action, ())
        return self._fits(action) and super().check_action(action, parameters)

    def _fits(self, action: str) -> bool:
        focused = self.focused_table
        here = action not in self.PANES or ((focused.id if focused is not None else "") or "") in self.PANES[action]
        return here and (not isinstance(self.row, Run) or run_keys.fits(action, self.row))

    @on(Table.Moved)
    def _keys_for(self) -> None:
        before, self._about = self._about, self.row.state if isinstance(self.row, Run) else None
        if before is not self._about:
            self.refresh_bindings()

    def sure(self, what: str) -> bool:
        return self.focused_table is not None and self.dash.meant(self.focused_table, what)

    def action_elsewhere(self, key: str) -> None:
        action, words = ELSEWHERE[key]
        vain = isinstance(self.row, Run) and not run_keys.fits(action, self.row)
        self.dash.say(run_keys.why_not(action, self.row) if vain else words, bad=True)

    def action_trigger(self) -> None:
        row = self.row
        if isinstance(row, ScheduleReport) and self.sure(f"schedule {row.name}"):
            self.do(deeds.trigger_schedule(row))

    def action_trigger_job(self) -> None:
        from jobd.dashboard.widgets.trigger import Trigger

        row = self.row
        self.app.push_screen(Trigger(row.job if isinstance(row, Run | FailureGroup) else None, {}))

    def action_cancel(self) -> None:
        if isinstance(row := self.row, Run):
            self._change(row, deeds.cancel_run(row))

    def action_retry(self) -> None:
        row = self.row
        if isinstance(row, Run):
            self._change(row, deeds.retry_run(row))
        elif isinstance(row, FailureGroup) and self.sure(f"what failed of {row.job}"):
            self.run_worker(change_all(self.dash, BulkAction.RETRY, row.filter), group="deeds")

    def _change(self, run: Run, deed: Deed | None) -> None:
        if self.sure(f"run {run.id} of {run.job}"):
            self.do(deed)
