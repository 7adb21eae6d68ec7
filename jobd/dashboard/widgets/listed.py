"""Rows of which one is chosen and any number are marked, by their key, wherever they move to when they are replaced."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import chain
from typing import Generic, Protocol, TypeVar

from textual.geometry import Size

from jobd.dashboard.widgets.painted import Painted

SEARCHED = 2_000
"""Rows from the top among which one is looked for that may be anywhere."""

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Rows(Protocol[R_co]):
    """What a table shows. A row that is not at hand is None: the table asks for it with `Wanted`."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> R_co | None: ...


class Listed(Painted, Generic[R]):
    """Below a line of titles, a line for each row; `key` says by what a row is known again.

    `follows`: where the chosen row moves to when new rows come, the view goes with it.
    """

    def __init__(self, key: Callable[[R], Hashable], *, follows: bool, id: str | None = None) -> None:
        super().__init__(id=id)
        self._key, self._follows = key, follows
        self._rows: Rows[R] = ()
        self._told = False
        """Rows have been shown once: before that nobody knows whether there are any."""
        self._at = 0
        self._chosen: Hashable = None
        self._sought = False
        """`_chosen` is to be brought into view when the rows come."""
        self._slipped = False
        """Nobody chose the chosen row: the one that was chosen in its place has gone."""
        self._marked: dict[Hashable, R] = {}

    @property
    def row(self) -> R | None:
        """The chosen row; None when there is none."""
        return self._row(self._at)

    @property
    def key(self) -> Hashable | None:
        """By what the chosen row is known; None when there is none."""
        return None if (row := self.row) is None else self._key(row)

    @property
    def at(self) -> int:
        """The index of the chosen row."""
        return self._at

    @property
    def rows(self) -> Rows[R]:
        return self._rows

    @property
    def some_marked(self) -> bool:
        return bool(self._marked)

    @property
    def marked(self) -> Sequence[R]:
        """Marked rows as they are now, in the order of marking; those that are not listed any more as they were."""
        for index in range(min(len(self._rows), SEARCHED) if self._marked else 0):
            row = self._row(index)
            if row is not None and (key := self._key(row)) in self._marked:
                self._marked[key] = row
        return tuple(self._marked.values())

    @property
    def page(self) -> int:
        """Rows that are seen at once."""
        return max(1, self.size.height - 1)

    @property
    def in_view(self) -> bool:
        return 0 <= self._at - round(self.scroll_y) < self.page

    @property
    def certain(self) -> bool:
        """What a key would change is what somebody chose, and sees."""
        return self.in_view and not self._slipped

    def take(self, rows: Rows[R]) -> None:
        """Replace the rows. What is chosen is the same where it still is; else it is what is in its place."""
        follow = self._sought or (self._follows and self.has_focus and self.in_view)
        self._rows, self._told, self._sought = rows, True, False
        self._at = self._index_of_chosen()
        chosen, self._chosen = self._chosen, self.key
        if chosen is not None and chosen != self._chosen:
            self._slipped = True
        if len(rows) + 1 != self.virtual_size.height:
            self.virtual_size = Size(self.size.width, len(rows) + 1)
        if follow:
            self._bring_into_view()

    def place(self, index: int) -> None:
        """Make the row at `index` the chosen one and bring it into view."""
        self._at = max(0, min(index, len(self._rows) - 1))
        self._chosen, self._slipped = self.key, False
        self._bring_into_view()

    def _bring_into_view(self) -> None:
        top = round(self.scroll_y)
        wanted = min(max(top, self._at - self.page + 1), self._at)
        if wanted != top:  # rows that came just now are there for scrolling only once they are laid out
            self.scroll_to(y=wanted, animate=False, immediate=self.show_vertical_scrollbar, force=True)

    def _row(self, index: int) -> R | None:
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def _index_of_chosen(self) -> int:
        last = max(0, len(self._rows) - 1)
        if self._chosen is None:
            return 0
        near = min(self._at, last)
        # mostly it is where it was, or a little below because new rows came
        for index in chain((near,), range(min(last + 1, SEARCHED))):
            row = self._row(index)
            if row is not None and self._key(row) == self._chosen:
                return index
        return near
