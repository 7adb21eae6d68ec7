"""Statistics: how jobs or queues did in the last hour, day or week, and the last hour of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget

from jobd.client.asks import stats
from jobd.dashboard.lists.columns import Column, one_line
from jobd.dashboard.lists.stats import BUSIEST, SORTS, StatsRow, ordered, rows, shown
from jobd.dashboard.looks import Cell, Tone
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.graph import Graph
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.tabs import Choices
from jobd.dashboard.widgets.words import Words
from jobd.dashboard.words import shares
from jobd.errors import JobdError
from jobd.model.stats import Minute, Window
from jobd.model.told import length

MINUTES = 60
GRAPH = "runs that ended in each minute of the last hour"
WINDOWS = {"last hour": Window.HOUR, "last 24 hours": Window.DAY, "last 7 days": Window.WEEK}


class Statistics(Page):
    """A window of time, jobs or queues in it, and the graph of the chosen one."""

    NOUN = "statistics"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "window(-1)", "Window before", show=False),
        Binding("right_square_bracket,tab", "window(1)", "Next window", key_display="Tab"),
        Binding("b", "other", "Jobs or queues"),
        Binding("s", "sort", "Sort by next"),
        Binding("S", "turn", "Turn the order"),
        Binding("y", "copy_name", "Copy name", show=False),
    ]
    CSS = """
    Statistics #pane { padding: 0; margin: 0; }
    Statistics Graph { height: 9; }
    Statistics #said { height: 1; padding: 0 1; }
    Statistics.-short #pane { border: none; }
    Statistics.-short Graph { height: 4; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._by = "job"
        self._sort, self._turned = BUSIEST, False
        self._rows: list[StatsRow] = []
        self._name: str | None = None
        """Whose minutes the graph shows."""

    def body(self) -> Iterable[Widget]:
        yield Choices(tuple(WINDOWS))
        with Container(id="pane", classes="panel"):
            yield Graph(unit="/min", least=1, empty="nothing of it has ended in the last hour")
        yield Words(id="said")
        yield Table(self._columns(), key=lambda row: row.name, empty="", id="stats")

    @property
    def table(self) -> Table[StatsRow]:
        return self.query_one("#stats", Table)

    @property
    def window(self) -> Window:
        return WINDOWS[self.query_one(Choices).chosen]

    async def load(self) -> None:
        by, window = self._by, self.window
        found = await self.client.ask(stats.totals(by, window.value))
        if (by, window) != (self._by, self.window):
            return  # somebody was faster, and it is asked for again already
        self._rows = rows(found)
        self._show()
        await self._load_minutes()

    def _show(self) -> None:
        window = self.query_one(Choices).chosen
        self.table.set_columns(self._columns())
        found = ordered(self._rows, self._sort, turned=self._turned)
        self.table.show(found, empty=f"no run has ended in the {window}")
        self.query_one("#said", Words).say([self._summary()])

    def _columns(self) -> Sequence[Column[StatsRow]]:
        return shown(self._by.upper(), self._sort, turned=self._turned, ascii=self.dash.ascii)

    def _summary(self) -> Cell:
        """All of them together."""
        ended = sum(shares.ended(row.stats) for row in self._rows)
        failed = sum(row.stats.failed for row in self._rows)
        worked = sum(shares.worked(row.stats) for row in self._rows)
        told = f"{ended:,} runs ended, {failed:,} failed, {length(worked)} of work"
        return (f"by {self._by}  ", Tone.NAME), (told, Tone.PLAIN)

    # --- the graph ---

    @on(Table.Moved)
    def _other_row(self) -> None:
        if self.table.row is not None and self.table.row.name != self._name and self.dash.connected.is_set():
            self.run_worker(self._follow(), group="minutes", exclusive=True)

    async def _follow(self) -> None:
        try:
            await self._load_minutes()
        except JobdError as error:
            self.dash.missed(error)
        self.dash.announce()

    async def _load_minutes(self) -> None:
        """The last hour of the chosen row, whatever the window is."""
        by, row = self._by, self.table.row
        if row is None:
            self._draw("", ())
            return
        job, queue = (row.name, None) if by == "job" else (None, row.name)
        found = await self.client.ask(stats.minutes(MINUTES, job=job, queue=queue))
        if by == self._by and self.table.row is not None and self.table.row.name == row.name:
            self._draw(row.name, found)

    def _draw(self, name: str, found: Sequence[Minute]) -> None:
        self._name = name or None
        title = f"{one_line(name)}: {GRAPH}" if name else GRAPH.capitalize()
        self.query_one("#pane").border_title = Content(title)
        note = "" if not name or self.has_class("-tall") else f"{one_line(name)}, last hour"
        self.query_one(Graph).show(each_minute(found, self.eye.now), ago="60 min ago", note=note)

    # --- keys ---

    @on(Choices.Chosen)
    def _other_window(self) -> None:
        self.old(at_once=True)

    @on(Table.Opened)
    def _open(self, event: Table.Opened[StatsRow]) -> None:
        """The runs behind a row."""
        name = event.row.name.replace('"', "*")  # a quote cannot stand in a filter
        self.dash.find_runs(f'{self._by}:"{name}" since:{self.window.value}')

    def action_window(self, by: int) -> None:
        self.query_one(Choices).step(by)

    def action_other(self) -> None:
        self._by, self._rows = ("queue" if self._by == "job" else "job"), []
        self.old(at_once=True)

    def action_sort(self) -> None:
        self._sort, self._turned = SORTS[(SORTS.index(self._sort) + 1) % len(SORTS)], False
        self._show()

    def action_turn(self) -> None:
        self._turned = not self._turned
        self._show()

    def action_copy_name(self) -> None:
        if (row := self.table.row) is not None:
            self.copy(row.name, f"{self._by} {one_line(row.name)}")


def each_minute(found: Iterable[Minute], now: datetime) -> list[tuple[float, float]]:
    """Succeeded and failed of each of the last 60 minutes, this one too, oldest first; 0 where nothing ended."""
    ended = {minute.minute: minute for minute in found}
    last = now.replace(second=0, microsecond=0)
    minutes = [ended.get(last - timedelta(minutes=ago)) for ago in range(MINUTES - 1, -1, -1)]
    return [(one.succeeded, one.failed) if one is not None else (0.0, 0.0) for one in minutes]
