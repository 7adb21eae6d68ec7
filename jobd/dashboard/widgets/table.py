"""A list of rows of any length: only the lines on the screen exist; one row is chosen, any number are marked."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import chain
from textwrap import wrap
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message

from jobd.dashboard.lists.columns import Column, fit
from jobd.dashboard.looks import Eye, Tone
from jobd.dashboard.widgets.lines import Line
from jobd.dashboard.widgets.painted import Painted

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
Row = TypeVar("Row")


class Rows(Protocol[R_co]):
    """What a table shows. A row that is not at hand is None: the table asks for it with `Wanted`."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> R_co | None: ...


class Table(Painted, Generic[R], can_focus=True):
    """Rows below a line of titles; one of them is chosen, any number are marked, both by their key.

    What is chosen stays chosen when the rows are replaced, wherever its row moves to.
    """

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
        """`shy`: which row is chosen is shown only while the table has the focus; for screens of several tables."""
        super().__init__(id=id)
        self._shy = shy
        self._columns, self._key, self._empty, self._markable = columns, key, empty, markable
        self._rows: Rows[R] = ()
        self._told = False
        """Rows have been shown once: before that nobody knows whether there are any."""
        self._at = 0
        self._chosen: Hashable = None
        self._marked: dict[Hashable, R] = {}
        self._fitted: list[tuple[Column[R], int]] = []

    # --- what others ask of it ---

    @property
    def row(self) -> R | None:
        """The chosen row; None when there is none."""
        return self._row(self._at)

    @property
    def at(self) -> int:
        """The index of the chosen row."""
        return self._at

    @property
    def rows(self) -> Rows[R]:
        return self._rows

    @property
    def marked(self) -> Sequence[R]:
        """Marked rows, in the order of their marking; also those that are not shown any more."""
        return tuple(self._marked.values())

    @property
    def fitted(self) -> Sequence[tuple[Column[R], int]]:
        """The columns that there is room for, with their widths."""
        return self._fitted

    def show(self, rows: Rows[R], *, empty: str | None = None) -> None:
        """Replace the rows. What was chosen stays chosen where it still is; else the place is kept."""
        self._rows, self._told = rows, True
        if empty is not None:
            self._empty = empty
        self._at = self._index_of_chosen()
        self._chosen = None if (row := self.row) is None else self._key(row)
        height = len(rows) + 1
        if height != self.virtual_size.height:
            self.virtual_size = Size(self.size.width, height)
        self.paint()
        self.post_message(self.Moved(self))

    def look_again(self) -> None:
        """Time has passed: paint what reads differently now."""
        self.paint()

    def unmark(self) -> None:
        self._marked.clear()
        self.paint()

    def choose(self, index: int) -> None:
        """Make the row at `index` the chosen one and bring it into view."""
        self._at = max(0, min(index, len(self._rows) - 1))
        row = self.row
        self._chosen = None if row is None else self._key(row)
        page = max(1, self.size.height - 1)
        top = round(self.scroll_y)
        wanted = min(max(top, self._at - page + 1), self._at)
        if wanted != top:  # rows that came just now are there for scrolling only once they are laid out
            self.scroll_to(y=wanted, animate=False, immediate=self.show_vertical_scrollbar, force=True)
        if len(self._rows) - self._at < 2 * page:
            self.post_message(self.Wanted(self, len(self._rows)))
        self.paint()
        self.post_message(self.Moved(self))

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
            if again or event.chain > 1:
                self.action_open()

    # --- its lines ---

    def on_resize(self) -> None:
        self._measure()

    def set_columns(self, columns: Sequence[Column[R]]) -> None:
        """Show other columns of the same rows."""
        self._columns = columns
        self._measure()

    def _measure(self) -> None:
        self._fitted = fit(self._columns, max(1, self.scrollable_content_region.width - 2))
        self.virtual_size = Size(self.size.width, len(self._rows) + 1)
        self.forget()
        self.refresh()

    def content(self, y: int, eye: Eye) -> Line:
        """What stands in a line: the mark before it, how it is laid under, and its cells."""
        if y == 0:
            return Line(" ", "", tuple(column.title for column, _ in self._fitted), Tone.HEAD)
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
        return Line(mark, under, tuple(column.cell(row, eye) for column, _ in self._fitted))

    def _nothing(self, line: int, eye: Eye) -> str:
        """A line of what an empty table says, broken between words where one has no room for it."""
        said = self._empty if self._told else eye.pick("…", "...")
        lines = wrap(said, max(10, self.size.width - 3))
        return f"  {lines[line]}" if 0 <= line < len(lines) else ""

    # --- rows ---

    def _row(self, index: int) -> R | None:
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def _index_of_chosen(self) -> int:
        last = max(0, len(self._rows) - 1)
        if self._chosen is None:
            return 0
        near = min(self._at, last)
        # mostly it is where it was, or a little below because new rows came
        for index in chain((near,), range(min(last + 1, 2_000))):
            row = self._row(index)
            if row is not None and self._key(row) == self._chosen:
                return index
        return near
