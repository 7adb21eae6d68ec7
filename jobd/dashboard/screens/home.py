"""Home: how it goes, on one screen that can stay open all day."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from time import monotonic
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.events import DescendantFocus
from textual.widget import Widget

from jobd.client.asks import failures, runs, schedules, stats
from jobd.dashboard.lists import home as panes
from jobd.dashboard.lists.home import FAILED, NEXT, NODES, QUEUES, RUNS, identity
from jobd.dashboard.live.news import News
from jobd.dashboard.live.snapshot import Snapshot
from jobd.dashboard.panes import Panes
from jobd.dashboard.widgets.cards import Cards
from jobd.dashboard.widgets.details import Details
from jobd.dashboard.widgets.facts import Facts
from jobd.dashboard.widgets.graph import Graph
from jobd.dashboard.widgets.pane import listing, pane
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.words import figures
from jobd.dashboard.words.bars import short
from jobd.dashboard.words.notices import behind, lines, noticed
from jobd.model.failures import FailureGroup
from jobd.model.run import Run, RunState
from jobd.model.stats import StatsReport, Window

RECENT = "state:running,succeeded,failed,cancelled,skipped"
MOST_RECENT = 20
SLOW_SECONDS = 4.0
"""What changes slowly is asked for again with the first load after this time, unless something happened to it."""
FIRES = 5
NOTICES, TALL_NOTICES = 2, 8
"""Lines for them, and where there is room; home.tcss gives no more."""
NOTHING = "nothing has run yet"
EMPTY = "no run has ended in the last ten minutes"


class Home(Panes):
    """Cards, a graph of the last ten minutes, and panes between which Tab moves."""

    NOUN = "home"
    AUTO_FOCUS = ""
    PACE_SECONDS = 2.0  # where runs end all the time, every line of a pane moves with each load
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-short"),
        (30, "-low"),
        (40, "-tall"),
    ]
    LISTENS = frozenset({"run.started", "run.retrying", "run.ended", "change"})
    PANES: ClassVar[dict[str, tuple[str, ...]]] = {
        "cancel": ("running",),
        "retry": ("running", "failed"),
        "pause": ("queues", "next"),
        "pause_for": ("queues", "next"),
        "trigger": ("next",),
        "trigger_job": ("queues", "running", "failed", "nodes", ""),
    }
    BINDINGS: ClassVar[list[BindingType]] = [Binding("n", "notices", "All notices", show=False)]
    CSS_PATH = "home.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._recent: Sequence[Run] | None = None
        """None before they have been asked for."""
        self._by_queue: list[StatsReport] = []
        self._failing: Sequence[FailureGroup] = ()
        """What is tried again."""
        self._asked: dict[str, float] = {}
        """What was asked for → when, on the monotonic clock; gone when something happened to it."""

    def body(self) -> Iterable[Widget]:
        with VerticalScroll(id="all", can_focus=False):
            yield Facts(id="notices")
            yield Cards(figures.CARDS)
            with pane("Runs that ended, in a minute", "graph"):
                yield Graph(unit="/min", least=1, empty="")
            with Container(id="now"):
                yield from listing("queues", "Queues", QUEUES, lambda row: row.queue.name, "no queues")
                yield from listing("running", "Runs: running now, then ended last", RUNS, identity, NOTHING)
            with Container(id="then"):
                yield from listing("next", "Fires next", NEXT, lambda one: one.name, "")
                yield from listing("failed", "Failed last", FAILED, identity, "nothing has failed")
            yield from listing("nodes", "Nodes", NODES, identity, "")

    def on_mount(self) -> None:
        self.table("queues").focus(scroll_visible=False)

    def table(self, name: str) -> Table[Any]:
        return self.query_one(f"#{name}", Table)

    # --- what is shown ---

    def changed(self, snapshot: Snapshot) -> None:
        status = snapshot.status
        if status is None:
            return
        self._notice()
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
        if "run.retrying" in news.kinds or any(one.get("state") == RunState.FAILED for one in news.runs().values()):
            self._asked.pop("failed", None)
        if "change" in news.kinds:
            self._asked.pop("schedules", None)

    async def load(self) -> None:
        """The latest runs each time, the rest every five seconds or when something happened to it."""
        recent = await self.client.ask(runs.page(RECENT, MOST_RECENT))
        self._recent = recent.runs
        waits = self._failing and "none has ended yet: what failed is tried again"
        self.table("running").show(recent.runs, empty=waits or NOTHING)
        if self._is_due("failed"):
            await self._load_failed()
        if self._is_due("schedules"):
            known = await self.client.ask(schedules.listed())
            hint = "none: all are paused or over" if known else 'none: cron = "…" of a job in jobd.toml makes one'
            self.table("next").show(panes.due(known, FIRES), empty=hint)
        if self._is_due("stats"):
            self._by_queue = await self.client.ask(stats.totals("queue", Window.HOUR))
            self._show_queues()

    async def _load_failed(self) -> None:
        counts = self.dash.snapshot.status.counts if self.dash.snapshot.status else None
        waits = counts is not None and counts.retrying.count
        self._failing = (await self.client.ask(failures.retrying())).groups if waits else ()
        failed = await self.client.ask(runs.page("state:failed", panes.FAILURES))
        self.table("failed").show(panes.failing_first(self._failing, failed.runs))
        self._notice()

    def _is_due(self, what: str) -> bool:
        now = monotonic()
        if now - self._asked.get(what, float("-inf")) < SLOW_SECONDS:
            return False
        self._asked[what] = now
        return True

    def _show_queues(self) -> None:
        status = self.dash.snapshot.status
        if status is not None and status.queues is not None:
            self.table("queues").show(panes.queue_rows(status.queues, self._by_queue))
        self._show_cards()
        self._show_graph()

    def _show_cards(self) -> None:
        if (status := self.dash.snapshot.status) is not None:
            self.query_one(Cards).show(figures.cards(status, self._by_queue, self.eye))

    def _show_graph(self) -> None:
        if not self.dash.connected.is_set():
            return
        rates, graph = self.dash.feed.rates, self.query_one(Graph)
        if not self.dash.snapshot.stale:
            rates.advance(self.eye.now)
        columns = rates.columns(graph.room)
        good, bad = columns[-1]
        note = f"{short(round(good))} succeeded, {short(round(bad))} failed in the last minute"
        quiet = figures.quiet(self._recent, self.dash.snapshot.status, self.eye)
        graph.show(columns, ago="10 min ago", note=note, empty=EMPTY if quiet else "")

    def _notice(self) -> None:
        status = self.dash.snapshot.status
        room = TALL_NOTICES if self.has_class("-tall") else NOTICES
        told = lines(noticed(status, self._failing), self.eye, room) if status is not None else []
        words = self.query_one("#notices", Facts)
        words.set_class(bool(told), "-some").say(told)

    # --- keys ---

    @on(Table.Opened)
    def _open(self, event: Table.Opened[Any]) -> None:
        """A run, or the screen where there is more of it."""
        if isinstance(event.row, Run):
            from jobd.dashboard.screens.run import RunPage

            self.app.push_screen(RunPage(event.row.id))
        elif isinstance(event.row, FailureGroup):
            self.dash.find_runs(event.row.filter)
        else:
            self.dash.go({"queues": "queues", "next": "schedules"}.get(event.table.id or "", "nodes"), event.table.key)

    def action_notices(self) -> None:
        status = self.dash.snapshot.status
        told = lines(noticed(status, self._failing), self.eye) if status is not None else []
        self.app.push_screen(Details("Notices", told or ["all is well: there is none"]))

    def leads_to(self, screen: str) -> Hashable | None:
        """The queue that the notices say to look at."""
        status = self.dash.snapshot.status
        waits = behind(status.queues or ()) if status is not None and screen == "queues" else ()
        return waits[0].name if waits else None

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.refresh_bindings()
        if isinstance(event.widget, Table):
            event.widget.choose(event.widget.at)  # its row may have moved out of sight while nobody looked for it
