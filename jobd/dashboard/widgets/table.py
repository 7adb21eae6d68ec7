"""A list of rows of any length: only the lines on the screen exist; one row is chosen, any number are marked."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from textwrap import wrap
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import Eye, Tone
from jobd.dashboard.widgets.lines import Line
from jobd.dashboard.widgets.listed import Listed, Rows
from jobd.dashboard.widgets.widths import Widths

R = TypeVar("R")
Row = TypeVar("Row")


class Table(Listed[R], can_focus=True):
    """Rows below a line of titles; one of them is chosen, any number are marked, both by their key."""

    DEFAULT_CSS = "Table { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+u", "leaf(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+d", "leaf(1)", "Page down", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
        Binding("enter", "open", "Open", key_display="Enter"),
        Binding("space", "mark", "Mark", show=False),
    ]

    class Told(Message):
        """Something of a table."""

        def __init__(self, table: Table[Any]) -> None:
            self.table = table
            super().__init__()

        @property
        def control(self) -> Table[Any]:
            return self.table

    class Moved(Told):
        """Another row is chosen."""

    class Opened(Told, Generic[Row]):
        """Enter, or a second click, on a row."""

        def __init__(self, table: Table[Row], row: Row) -> None:
            self.row = row
            super().__init__(table)

    class Wanted(Told):
        """The row at `index` is to be shown and is not at hand, or the end of what is known comes near."""

        def __init__(self, table: Table[Any], index: int) -> None:
            self.index = index
            super().__init__(table)

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        key: Callable[[R], Hashable],
        empty: str = "nothing here",
        markable: bool = False,
        shy: bool = False,
        id: str | None = None,
    ) -> None:
        """`shy`, for screens of several tables: which row is chosen is shown while the table has the focus, and kept in
        view."""
        super().__init__(key, follows=shy, id=id)
        self._widths, self._empty, self._markable, self._shy = Widths(columns), empty, markable, shy
        self._opened = False
        """The first of these clicks has opened the row: the second one of a double click is not to do it again."""

    # --- what others ask of it ---

    @property
    def fitted(self) -> Sequence[tuple[Column[R], int]]:
        """The columns that there is room for, with their widths."""
        return self._widths.fitted

    def show(self, rows: Rows[R], *, empty: str | None = None) -> None:
        """Replace the rows. What was chosen stays chosen where it still is; else the place is kept.

        What the keys are about was in view and stays there: a row that slides out of it would be changed unseen.
        """
        if empty is not None:
            self._empty = empty
        self.take(rows)
        self.paint()
        self.post_message(self.Moved(self))

    def look_again(self) -> None:
        """Time has passed: paint what reads differently now."""
        self.paint()

    def unmark(self) -> None:
        self._marked.clear()
        self.paint()
        self.post_message(self.Moved(self))

    def choose(self, index: int) -> None:
        """Make the row at `index` the chosen one and bring it into view."""
        self.place(index)
        if len(self._rows) - self._at < 2 * self.page:
            self.post_message(self.Wanted(self, len(self._rows)))
        self.paint()
        self.post_message(self.Moved(self))

    def seek(self, key: Hashable) -> None:
        """Choose the row with that key: now, or when rows come for the first time."""
        self._chosen, self._sought = key, True
        if self._told:
            self.show(self._rows)

    # --- keys and mouse ---

    def action_move(self, by: int) -> None:
        self.choose(self._at + by)

    def action_leaf(self, by: int) -> None:
        self.choose(self._at + by * max(1, self.size.height - 2))

    def action_first(self) -> None:
        self.choose(0)

    def action_last(self) -> None:
        self.choose(len(self._rows) - 1)

    def action_open(self) -> None:
        if (row := self.row) is not None:
            self.post_message(self.Opened(self, row))

    def action_mark(self) -> None:
        if self._markable and (row := self.row) is not None:
            key = self._key(row)
            if self._marked.pop(key, None) is None:
                self._marked[key] = row
            self.choose(self._at + 1)

    def on_click(self, event: events.Click) -> None:
        index = round(self.scroll_y) + event.y - 1
        if event.y and 0 <= index < len(self._rows):
            again = index == self._at and self.has_focus
            self.focus()
            self.choose(index)
            self._opened = self._opened and event.chain > 1
            if (again or event.chain > 1) and not self._opened:
                self._opened = True
                self.action_open()

    # --- its lines ---

    def on_resize(self) -> None:
        self._measure()

    def set_columns(self, columns: Sequence[Column[R]]) -> None:
        """Show other columns of the same rows."""
        self._widths = Widths(columns)
        self._measure()

    def _measure(self) -> None:
        self._widths.fit(max(1, self.scrollable_content_region.width - 2))
        self.virtual_size = Size(self.size.width, len(self._rows) + 1)
        self.forget()
        self.refresh()

    def _draw(self, y: int, content: Line) -> Strip:
        if content.cells and self._widths.saw(content.cells):
            self.call_later(self._measure)
        return super()._draw(y, content)

    def content(self, y: int, eye: Eye) -> Line:
        """What stands in a line: the mark before it, how it is laid under, and its cells."""
        if y == 0:
            return Line(" ", "", tuple(column.title for column, _ in self.fitted), Tone.HEAD)
        index = round(self.scroll_y) + y - 1
        row = self._row(index)
        if row is None:
            if index < len(self._rows):
                self.post_message(self.Wanted(self, index))
                return Line(f"  {eye.pick('…', '...')}")
            return Line("" if len(self._rows) else self._nothing(y - 2, eye))
        chosen, marked = index == self._at and not (self._shy and not self.has_focus), self._key(row) in self._marked
        mark = eye.pick("◆", "#") if marked else eye.pick("▌", ">") if chosen else " "
        under = f"{'marked ' if marked else ''}{'chosen' if chosen else ''}"
        return Line(mark, under, tuple(column.cell(row, eye) for column, _ in self.fitted))

    def _nothing(self, line: int, eye: Eye) -> str:
        """A line of what an empty table says, broken between words where one has no room for it."""
        said = self._empty if self._told else eye.pick("…", "...")
        lines = wrap(said, max(10, self.size.width - 3))
        return f"  {lines[line]}" if 0 <= line < len(lines) else ""
