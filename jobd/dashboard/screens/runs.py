"""Runs: those that wait or run, then those that ended, as far back as history goes; by state and by filter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from time import monotonic
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from jobd.client.asks import runs
from jobd.dashboard import run_keys
from jobd.dashboard.changes import deeds
from jobd.dashboard.changes.bulks import choose_for_all
from jobd.dashboard.changes.marked import change_marked
from jobd.dashboard.endless import Endless
from jobd.dashboard.lists.pages import SIZE, Pages, Part
from jobd.dashboard.lists.run_tabs import TABS, in_the_hour, joined, names_states, without_states
from jobd.dashboard.lists.run_tabs import told as told_tabs
from jobd.dashboard.lists.runs import COLUMNS
from jobd.dashboard.live.heard import told
from jobd.dashboard.live.news import News
from jobd.dashboard.live.snapshot import Snapshot
from jobd.dashboard.widgets.filter_bar import FilterBar, wrong
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.tabs import Choices
from jobd.model.bulk import BulkAction
from jobd.model.roles import Role
from jobd.model.run import Run, RunState

COUNTED_SECONDS = 30.0
CHANGES = (*run_keys.ACTIONS, "all_matching", "trigger")


class Runs(Endless[Run]):
    """State tabs, a filter, and a list of any length."""

    NOUN = "runs"
    LISTENS = frozenset({"run.added", "run.started", "run.retrying", "run.ended", "change"})
    ACTS: ClassVar[dict[str, Role]] = dict.fromkeys(CHANGES, Role.OPERATOR)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash,f", "filter", "Filter", key_display="/"),
        Binding("left_square_bracket", "tab(-1)", "State before", show=False),
        Binding("right_square_bracket,tab", "tab(1)", "Next state", key_display="Tab"),
        Binding("exclamation_mark", "failures", "Failures", show=False),
        *run_keys.KEYS,
        Binding("asterisk", "all_matching", "All matching", key_display="*"),
        Binding("t", "trigger", "Trigger"),
        Binding("y", "copy_id", "Copy id", show=False),
        Binding("Y", "copy_json", "Copy JSON", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._origin: str | None = None
        """The screen that found these runs; Escape leads back to it."""
        self._hour: dict[str, str] = {}
        self._counted_at = -COUNTED_SECONDS
        self._about: tuple[RunState | None, bool] = None, False
        """The state of the chosen run, and whether any is marked: what the keys are named for."""

    def body(self) -> Iterable[Widget]:
        yield Choices(tuple(TABS), id="states")
        yield FilterBar(self._asked_for)
        yield Table(COLUMNS, key=lambda run: run.id, empty="no runs", markable=True, id="runs")

    @property
    def table(self) -> Table[Run]:
        return self.query_one("#runs", Table)

    @property
    def filter(self) -> str:
        """What is asked for: the tab and the line."""
        return self._asked_for(self.query_one(FilterBar).used)

    def _asked_for(self, typed: str) -> str:
        """Under a line that names states itself no tab but `all` can stay chosen."""
        return joined("all" if wrong(typed) or names_states(typed) else self.query_one(Choices).chosen, typed)

    def find(self, text: str, origin: str | None = None) -> None:
        """Show what a filter finds, whatever was shown before; Escape leads back to the screen `origin`."""
        self._origin = origin if origin != self.NOUN else None
        self.query_one(Choices).choose("all", silent=True)
        self.query_one(FilterBar).use(text)
        self.old(at_once=True)

    async def load(self) -> None:
        wanted = self.filter
        await self.show_first(wanted, lambda after: self._fetch(wanted, after))
        if monotonic() - self._counted_at >= COUNTED_SECONDS:
            self._counted_at = monotonic()
            self._hour = await in_the_hour(self.client)
            self.changed(self.dash.snapshot)

    async def _fetch(self, wanted: str, after: str | None) -> Part[Run]:
        found = await self.client.ask(runs.page(wanted or None, SIZE, after))
        return Part(found.runs, found.next, found.since)

    def nothing(self, pages: Pages[Run]) -> str:
        since = f"; looked back to {pages.since:%d %b %H:%M}, since: looks further" if pages.since else ""
        return f"no runs are found{since}"

    # --- what is heard ---

    def heard(self, news: News) -> None:
        """Runs on the screen change their state at once; that others came, the next load shows."""
        if self.pages is None:
            return
        heard = news.runs()
        changed = False
        top = round(self.table.scroll_y)
        for index in range(max(0, top - SIZE), min(len(self.pages), top + SIZE * 2)):
            run = self.pages[index]
            facts = heard.get(run.id) if run is not None else None
            if run is not None and facts is not None and not run.state.final:
                self.pages.replace(index, told(run, facts, self.eye.now))
                changed = True
        if changed:
            self.table.look_again()

    def changed(self, snapshot: Snapshot) -> None:
        counts = snapshot.status.counts if snapshot.status else None
        if counts is not None:
            self.query_one(Choices).tell(told_tabs(counts, self._hour))

    # --- choosing ---

    @on(Choices.Chosen)
    def _other_state(self) -> None:
        """The tab says the state now: what the line said of it gives way."""
        bar = self.query_one(FilterBar)
        if not wrong(bar.used) and names_states(bar.used):
            bar.use(without_states(bar.used))
        self.table.unmark()
        self.old(at_once=True)

    @on(FilterBar.Found)
    def _found(self, event: FilterBar.Found) -> None:
        if names_states(event.text):
            self.query_one(Choices).choose("all", silent=True)
        self.table.focus()
        self.table.unmark()
        self.old(at_once=True)

    @on(FilterBar.Left)
    def _left(self) -> None:
        self.table.focus()

    @on(Table.Moved)
    def _moved(self) -> None:
        run = self.table.row
        before, self._about = self._about, (run.state if run is not None else None, self.table.some_marked)
        if before != self._about:
            self.refresh_bindings()

    @on(Table.Opened)
    def _open(self, event: Table.Opened[Run]) -> None:
        from jobd.dashboard.screens.run import RunPage

        self.app.push_screen(RunPage(event.row.id))

    def action_filter(self) -> None:
        self.query_one(FilterBar).open()

    def action_tab(self, by: int) -> None:
        self.query_one(Choices).step(by)

    def action_failures(self) -> None:
        self.query_one(Choices).choose("failed")

    def action_back(self) -> None:
        bar = self.query_one(FilterBar)
        if bar.used or self.table.some_marked:
            self.table.unmark()
            bar.use("")
            self.old(at_once=True)
            if self._origin is not None:
                self.dash.go(self._origin)
                self._origin = None
        else:
            super().action_back()

    # --- changes ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done to the chosen run; to marked ones whatever fits some of them."""
        run = None if not self.whole or self.table.some_marked else self.table.row
        return run_keys.there(action, parameters, run) and super().check_action(action, parameters)

    def action_retry(self) -> None:
        self._change(BulkAction.RETRY)

    action_run_now = action_retry

    def action_cancel(self) -> None:
        self._change(BulkAction.CANCEL)

    def action_cannot(self, action: str) -> None:
        if (run := self.table.row) is not None:
            self.dash.say(run_keys.why_not(action, run), bad=True)

    def _change(self, action: BulkAction) -> None:
        """Of the marked runs, or of the chosen one."""
        one = deeds.retry_run if action is BulkAction.RETRY else deeds.cancel_run
        if marked := self.table.marked:
            self.run_worker(self._one_by_one(action, marked), group="deeds")
        elif (run := self.table.row) is not None and self.dash.meant(self.table, f"run {run.id} of {run.job}"):
            self.do(one(run))

    async def _one_by_one(self, action: BulkAction, marked: Sequence[Run]) -> None:
        """Marked runs: asked about once, done one after the other."""
        if (change := change_marked(action, marked)) is None:
            self.dash.say("none of those that are marked is in a state for that", bad=True)
        elif await self.dash.carry_out_all(*change):
            self.table.unmark()
            self.old(at_once=True)

    def action_all_matching(self) -> None:
        self.run_worker(self._all_matching(), group="deeds")

    async def _all_matching(self) -> None:
        if await choose_for_all(self.dash, self.filter) is not None:
            self.old(at_once=True)

    def action_trigger(self) -> None:
        from jobd.dashboard.widgets.trigger import Trigger

        run = self.table.row
        self.app.push_screen(Trigger(run.job if run else None, {}))

    # --- copying ---

    def action_copy_id(self) -> None:
        if (run := self.table.row) is not None:
            self.copy(str(run.id), f"id {run.id}")

    def action_copy_json(self) -> None:
        if (run := self.table.row) is not None:
            self.copy(json.dumps(asdict(run), default=str, ensure_ascii=False, indent=2), f"run {run.id} as JSON")
