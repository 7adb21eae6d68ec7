"""Database: whether it is well, what to do where it is not, and how large its tables are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from jobd.client.asks import database
from jobd.dashboard.lists.tables import columns, size
from jobd.dashboard.looks import Cell, Tone
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.facts import Facts
from jobd.dashboard.widgets.reader import Reader
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.words import Words
from jobd.dashboard.words.database import examined
from jobd.dashboard.words.findings import lines
from jobd.model.database import DatabaseReport, TableReport
from jobd.model.roles import Role


class Tables(Table[TableReport]):
    """There is nothing to open in a table, and nothing to mark."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in ("open", "mark")


class Database(Page):
    """Findings above, tables below."""

    NOUN = "database"
    ACTS: ClassVar[dict[str, Role]] = {"doctor": Role.OPERATOR}
    DEFAULT_CSS = """
    Database Reader { height: auto; max-height: 60%; margin-bottom: 1; }
    Database.-short Reader { margin-bottom: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "doctor", "Doctor"),
        Binding("tab", "app.focus_next", "Findings or tables", show=False),
        Binding("y", "copy_name", "Copy the table's name", show=False),
        Binding("Y", "copy_json", "Copy JSON"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._report: DatabaseReport | None = None
        self._largest = 0
        """What the bars of sizes were drawn against."""

    def body(self) -> Iterable[Widget]:
        yield Reader(Facts([("looking …", Tone.DIM)], id="findings", classes="facts"))
        yield Tables(columns(1), key=lambda table: table.name, empty="no tables of jobd", id="tables")

    @property
    def table(self) -> Table[TableReport]:
        return self.query_one(Tables)

    async def load(self) -> None:
        self._report = report = await self.client.ask(database.shown())
        largest = max((table.bytes for table in report.tables), default=0)
        if largest != self._largest:
            self._largest = largest
            self.table.set_columns(columns(largest))
        self._tell(report)
        self.table.show(report.tables)

    def tick(self) -> None:
        super().tick()
        if self._report is not None:
            self._tell(self._report)

    def _tell(self, report: DatabaseReport) -> None:
        eye = self.eye
        head: Cell = (
            (report.name, Tone.NAME),
            (f"  PostgreSQL {report.version}, {size(report.bytes)}", Tone.DIM),
        )
        self.query_one("#findings", Words).say([head, *lines(examined(report, eye), eye)])

    # --- keys ---

    def action_doctor(self) -> None:
        from jobd.dashboard.screens.doctor import Doctor

        self.app.push_screen(Doctor())

    def action_copy_name(self) -> None:
        if (table := self.table.row) is not None:
            self.copy(f"jobd.{table.name}", f"jobd.{table.name}")

    def action_copy_json(self) -> None:
        if self._report is not None:
            text = json.dumps(asdict(self._report), default=str, ensure_ascii=False, indent=2)
            self.copy(text, "how the database is as JSON")
