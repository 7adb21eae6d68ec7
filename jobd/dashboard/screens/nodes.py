"""Nodes: the daemons on this database, those that are gone since yesterday, and what the chosen one runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from jobd.client.asks import nodes, runs
from jobd.dashboard.changes import deeds
from jobd.dashboard.lists.nodes import COLUMNS, gone, told
from jobd.dashboard.lists.runs import COLUMNS as RUN_COLUMNS
from jobd.dashboard.looks import Cell, Tone
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.words import Words
from jobd.model.reports import NodeReport
from jobd.model.roles import Role
from jobd.model.run import Run

SHOWN = 200
"""More runs than one node has workers."""
LOOK_BACK = timedelta(hours=1)
"""Of a node that is gone, what ended in the last hour that it was there."""
MINUTE = timedelta(minutes=1)
LATELY = "5m"
LEAST = 3
"""Lines of a list: its titles, and what it says when it is empty."""
RUNS = "Runs now:"
ENDED = f"Runs nothing now. What ended on it in the last {LATELY}:"
ENDED_THERE = "What ended on it in its last hour:"


class Nodes(Page):
    """Two lists: all nodes, and the runs of one."""

    NOUN = "nodes"
    LISTENS = frozenset({"node.joined", "node.left", "node.lost", "change", "run.started", "run.retrying", "run.ended"})
    ACTS: ClassVar[dict[str, Role]] = dict.fromkeys(("quiet", "drain", "resume"), Role.OPERATOR)
    AUTO_FOCUS = "#nodes"
    DEFAULT_CSS = """
    Nodes #node { margin-top: 1; }
    Nodes.-short #node { margin-top: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "quiet", "Quiet"),
        Binding("d", "drain", "Drain"),
        Binding("R", "resume", "Resume"),
        Binding("tab", "app.focus_next", "Nodes or runs", key_display="Tab"),
        Binding("o", "open_run", "Open run", show=False),
        Binding("y", "copy_id", "Copy id", show=False),
        Binding("Y", "copy_json", "Copy JSON", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._about: int | None = None
        """The node whose runs are shown."""
        self._work_of = ""
        """What those runs are."""

    def body(self) -> Iterable[Widget]:
        yield Table(
            COLUMNS, key=lambda node: node.id, empty="no node is alive: systemctl start jobd", shy=True, id="nodes"
        )
        yield Words(id="node", classes="facts")
        yield Table(RUN_COLUMNS, key=lambda run: run.id, empty="", shy=True, id="work")

    @property
    def table(self) -> Table[NodeReport]:
        return self.query_one("#nodes", Table)

    @property
    def work(self) -> Table[Run]:
        return self.query_one("#work", Table)

    async def load(self) -> None:
        found = await self.client.ask(nodes.listed())
        self.table.show(found)
        self._divide(len(found))
        node = self.table.row
        if node is not None:
            await self._load_work(node)

    async def _load_work(self, node: NodeReport) -> None:
        self._tell(node)
        title, found = await self._runs_of(node)
        if self._about == node.id:  # or another one was chosen meanwhile
            self._work_of = title if found else ""
            self._tell(node)
            self.work.show(found, empty=idle(node))

    async def _runs_of(self, node: NodeReport) -> tuple[str, Sequence[Run]]:
        """What it runs; where that is nothing, what ended there last."""
        if not gone(node):
            page = await self.client.ask(runs.page(f"state:running node:{node.id}", SHOWN))
            if page.runs:
                return RUNS, page.runs
        page = await self.client.ask(runs.page(ended_on(node), SHOWN))
        return ENDED_THERE if gone(node) else ENDED, page.runs

    def _divide(self, rows: int) -> None:
        """The upper list takes what it needs, up to half of the room; the lower one the rest."""
        half = max(LEAST, (self.size.height - 4) // 2)
        self.table.styles.height = max(LEAST, min(rows + 1, half))

    def on_resize(self) -> None:
        self._divide(len(self.table.rows))

    def _tell(self, node: NodeReport) -> None:
        if node.id != self._about:
            self._about, self._work_of = node.id, ""
            self.work.show((), empty="…")
        title: list[Cell] = [(self._work_of, Tone.DIM)] if self._work_of else []
        self.query_one("#node", Words).say([*told(node, self.eye), *title])

    @on(Table.Moved, "#nodes")
    def _other_node(self) -> None:
        node = self.table.row
        if node is not None and node.id != self._about:
            self._tell(node)
            self.old(at_once=True)

    @on(Table.Opened, "#nodes")
    def _into_runs(self) -> None:
        if len(self.work.rows):
            self.work.focus()

    @on(Table.Opened, "#work")
    def action_open_run(self) -> None:
        from jobd.dashboard.screens.run import RunPage

        if (run := self.work.row) is not None:
            self.app.push_screen(RunPage(run.id))

    def action_back(self) -> None:
        if self.work.has_focus:
            self.table.focus()
        else:
            super().action_back()

    # --- changes ---

    def action_quiet(self) -> None:
        self._wish("quiet")

    def action_drain(self) -> None:
        self._wish("drain")

    def action_resume(self) -> None:
        self._wish("resume")

    def _wish(self, wish: str) -> None:
        node = self.table.row
        if node is None or not self.dash.meant(self.table, f"node {node.id}"):
            return
        if gone(node):
            self.dash.say(f"node {node.id} is gone: nothing can be wanted of it", bad=True)
        elif node.desired == {"resume": "running"}.get(wish, wish):
            self.dash.say(f"node {node.id}: that is wanted of it already", bad=True)
        else:
            self.do(deeds.node(node, wish))

    # --- copying ---

    def _chosen(self) -> tuple[str, NodeReport | Run] | None:
        """Of the list that has the focus."""
        noun, row = ("run", self.work.row) if self.work.has_focus else ("node", self.table.row)
        return None if row is None else (noun, row)

    def action_copy_id(self) -> None:
        if (chosen := self._chosen()) is not None:
            self.copy(str(chosen[1].id), f"id {chosen[1].id}")

    def action_copy_json(self) -> None:
        if (chosen := self._chosen()) is not None:
            noun, row = chosen
            self.copy(json.dumps(asdict(row), default=str, ensure_ascii=False, indent=2), f"{noun} {row.id} as JSON")


def ended_on(node: NodeReport) -> str:
    """The filter for what ended on it lately; of one that is gone, in the last hour that it was there."""
    ended = f"state:succeeded,failed,cancelled,skipped node:{node.id}"
    if not gone(node):
        return f"{ended} since:{LATELY}"
    until = node.left_at or node.beat_at
    since = max(node.started_at, until - LOOK_BACK)
    return f"{ended} since:{since.isoformat()} until:{(until + MINUTE).isoformat()}"


def idle(node: NodeReport) -> str:
    """What an empty list of its runs means."""
    if gone(node):
        return "nothing ended on it in the last hour that it was there"
    if not node.alive:
        return "nobody hears of it: another node takes over what it ran"
    if node.desired != "running":
        return "it runs nothing, and begins nothing until R lets it work again"
    return "it runs nothing: nothing that it serves is due"
