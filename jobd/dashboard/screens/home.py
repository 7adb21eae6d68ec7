"""Home: how it goes, on one screen that can stay open all day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.events import DescendantFocus
from textual.widget import Widget

from jobd.client.asks import runs, schedules, stats
from jobd.dashboard.changes import deeds
from jobd.dashboard.changes.deed import Deed
from jobd.dashboard.lists.home import FAILED, NEXT, NODES, QUEUES, RUNS, due, queue_rows
from jobd.dashboard.lists.queues import QueueRow
from jobd.dashboard.live.news import News
from jobd.dashboard.live.snapshot import Snapshot
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.cards import Cards
from jobd.dashboard.widgets.graph import Graph
from jobd.dashboard.widgets.pane import listing, pane
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.words import Words
from jobd.dashboard.words import figures
from jobd.dashboard.words.bars import short
from jobd.dashboard.words.notices import lines, noticed
from jobd.model.health import Notice
from jobd.model.reports import NodeReport, ScheduleReport
from jobd.model.roles import Role
from jobd.model.run import Run, RunState
from jobd.model.stats import StatsReport, Window

RECENT = "state:running,succeeded,failed,cancelled,skipped"
MOST_RECENT = 20
SLOW_SECONDS = 4.0
"""What changes slowly is asked for again with the first load after this time, unless something happened to it."""
FIRES = 5
FAILURES = 5
NOTICES = 3
EMPTY = "no run has ended in the last ten minutes"
DEEDS: dict[str, tuple[str, ...]] = {
    "cancel": ("running",),
    "retry": ("running", "failed"),
    "pause": ("queues", "next"),
    "trigger": ("next",),
}
"""What can be done → in which panes; elsewhere it has no key."""


class Home(Page):
    """Cards, a graph of the last ten minutes, and panes between which Tab moves."""

    NOUN = "home"
    AUTO_FOCUS = ""
    PACE_SECONDS = 2.0  # where runs end all the time, every line of a pane moves with each load
    LISTENS = frozenset({"run.started", "run.retrying", "run.ended", "change"})
    ACTS: ClassVar[dict[str, Role]] = dict.fromkeys(DEEDS, Role.OPERATOR)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next pane", key_display="Tab"),
        Binding("shift+tab", "app.focus_previous", "Pane before", show=False),
        Binding("p", "pause", "Pause/resume"),
        Binding("t", "trigger", "Trigger now"),
        Binding("c", "cancel", "Cancel"),
        Binding("r", "retry", "Retry"),
    ]
    CSS_PATH = "home.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._recent: Sequence[Run] | None = None
        """None before they have been asked for."""
        self._by_queue: list[StatsReport] = []
        self._retrying: int | None = None
        self._asked: dict[str, float] = {}
        """What was asked for → when, on the monotonic clock; gone when something happened to it."""

    def body(self) -> Iterable[Widget]:
        with VerticalScroll(id="all", can_focus=False):
            yield Words(id="notices")
            yield Cards(figures.CARDS)
            with pane("Runs that ended, each second", "graph"):
                yield Graph(unit="/s", least=0.1, empty="")
            with Container(id="now"):
                yield from listing("queues", "Queues", QUEUES, lambda row: row.queue.name, "no queues")
                yield from listing("running", "Runs: running now, then ended last", RUNS, _id, "nothing has run yet")
            with Container(id="then"):
                yield from listing("next", "Fires next", NEXT, lambda one: one.name, "")
                yield from listing("failed", "Failed last", FAILED, _id, "nothing has failed")
            yield from listing("nodes", "Nodes", NODES, _id, "")

    def on_mount(self) -> None:
        self.table("queues").focus(scroll_visible=False)

    def table(self, name: str) -> Table[Any]:
        return self.query_one(f"#{name}", Table)

    # --- what is shown ---

    def changed(self, snapshot: Snapshot) -> None:
        status = snapshot.status
        if status is None:
            return
        self._tell(noticed(status))
        nodes = status.nodes or ()
        self.query_one("#pane-nodes").set_class(len(nodes) > 1, "-several")
        self.table("nodes").show(nodes)
        self._show_queues()

    def tick(self) -> None:
        super().tick()
        self._show_cards()
        self._show_graph()
        if any(run.progress and not run.state.final for run in self._recent or ()):
            self.old()  # no event tells how far a run has come

    def old(self, *, at_once: bool = False) -> None:
        if at_once:
            self._asked.clear()
        super().old(at_once=at_once)

    def heard(self, news: News) -> None:
        if any(facts.get("state") == RunState.FAILED for facts in news.runs().values()):
            self._asked.pop("failed", None)
        if "change" in news.kinds:
            self._asked.pop("schedules", None)

    async def load(self) -> None:
        """The latest runs each time, the rest every five seconds or when something happened to it."""
        recent = await self.client.ask(runs.page(RECENT, MOST_RECENT))
        self._recent = recent.runs
        self.table("running").show(recent.runs)
        if self._is_due("failed"):
            failed = await self.client.ask(runs.page("state:failed", FAILURES))
            self.table("failed").show(failed.runs)
        if self._is_due("schedules"):
            known = await self.client.ask(schedules.listed())
            hint = "none: all are paused or over" if known else 'none: cron = "…" of a job in jobd.toml makes one'
            self.table("next").show(due(known, FIRES), empty=hint)
        if self._is_due("stats"):
            self._by_queue = await self.client.ask(stats.totals("queue", Window.HOUR))
            self._retrying = await self._count_retrying()
            self._show_queues()

    async def _count_retrying(self) -> int | None:
        """Of the scheduled runs; not while there are more than are worth counting."""
        status = self.dash.snapshot.status
        scheduled = status.counts.scheduled if status is not None and status.counts is not None else None
        if scheduled is None or scheduled.more:
            return None
        return (await self.client.ask(runs.count("state:retrying"))).count if scheduled.count else 0

    def _is_due(self, what: str) -> bool:
        now = monotonic()
        if now - self._asked.get(what, float("-inf")) < SLOW_SECONDS:
            return False
        self._asked[what] = now
        return True

    def _show_queues(self) -> None:
        status = self.dash.snapshot.status
        if status is not None and status.queues is not None:
            self.table("queues").show(queue_rows(status.queues, self._by_queue))
        self._show_cards()
        self._show_graph()

    def _show_cards(self) -> None:
        if (status := self.dash.snapshot.status) is not None:
            self.query_one(Cards).show(figures.cards(status, self._by_queue, self._retrying, self.eye))

    def _show_graph(self) -> None:
        if not self.dash.connected.is_set():
            return
        rates, graph = self.dash.feed.rates, self.query_one(Graph)
        if not self.dash.snapshot.stale:
            rates.advance(self.eye.now)
        good, bad = rates.latest()
        note = f"{short(good)} succeeded, {short(bad)} failed a second"
        quiet = figures.quiet(self._recent, self.dash.snapshot.status, self.eye)
        graph.show(rates.columns(graph.room), ago="10 min ago", note=note, empty=EMPTY if quiet else "")

    def _tell(self, notices: Sequence[Notice]) -> None:
        told, words = lines(notices, NOTICES, self.eye), self.query_one("#notices", Words)
        words.set_class(bool(told), "-some")
        words.say(told)

    # --- keys ---

    @on(Table.Opened)
    def _open(self, event: Table.Opened[Any]) -> None:
        """A run, or the screen where there is more of it."""
        if isinstance(event.row, Run):
            from jobd.dashboard.screens.run import RunPage

            self.app.push_screen(RunPage(event.row.id))
        else:
            self.dash.go({"queues": "queues", "next": "schedules"}.get(event.table.id or "", "nodes"))

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.refresh_bindings()
        if isinstance(event.widget, Table):
            event.widget.choose(event.widget.at)  # its row may have moved out of sight while nobody looked for it

    @property
    def _focused(self) -> str:
        return self.focused.id or "" if isinstance(self.focused, Table) else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done in this pane, for those who may."""
        if action in DEEDS and self._focused not in DEEDS[action]:
            return False
        return super().check_action(action, parameters)

    def _chosen(self) -> Any:
        return self.table(self._focused).row if self._focused else None

    def action_pause(self) -> None:
        row = self._chosen()
        if isinstance(row, QueueRow):
            self.do(deeds.pause_queue(row.queue))
        elif isinstance(row, ScheduleReport):
            self.do(deeds.pause_schedule(row))

    def action_trigger(self) -> None:
        if isinstance(row := self._chosen(), ScheduleReport):
            self.do(deeds.trigger_schedule(row))

    def action_cancel(self) -> None:
        if isinstance(row := self._chosen(), Run):
            self._change(row, deeds.cancel_run(row), "has ended already")

    def action_retry(self) -> None:
        if isinstance(row := self._chosen(), Run):
            self._change(row, deeds.retry_run(row), "has not ended")

    def _change(self, run: Run, deed: Deed | None, why_not: str) -> None:
        if deed is None:
            self.dash.say(f"run {run.id} {why_not}", bad=True)
        self.do(deed)


def _id(row: Run | NodeReport) -> int:
    return row.id
