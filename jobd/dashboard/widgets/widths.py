"""How wide the columns of a table are: what was cut gets what others do not use, and keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from jobd.dashboard.lists.columns import Column, fit, size
from jobd.dashboard.looks import Cell

R = TypeVar("R")


class Widths(Generic[R]):
    """The columns that there is room for, by the longest texts that were ever shown: they jump with no refresh."""

    def __init__(self, columns: Sequence[Column[R]]) -> None:
        self._columns = columns
        self._longest: dict[str, int] = {}
        self._room = 0
        self.fitted: Sequence[tuple[Column[R], int]] = ()

    def fit(self, room: int) -> None:
        """Lay them into so many cells."""
        self._room = room
        self.fitted = fit(self._columns, room, self._longest)

    def saw(self, cells: Sequence[Cell]) -> bool:
        """A line of cells as `fitted` has them is shown; True when the columns are laid otherwise since then."""
        longer = False
        for (column, _), cell in zip(self.fitted, cells, strict=True):
            if column.grow and (wide := size(cell)) > self._longest.get(column.title, -1):
                self._longest[column.title] = wide
                longer = True
        if not longer:
            return False
        before = self.fitted
        self.fit(self._room)
        return self.fitted != before
