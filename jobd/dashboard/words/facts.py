"""Facts and short lists as lines of text, where nothing is to be chosen: for `Words`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from jobd.dashboard.lists.columns import ASCII_CUT, CUT, GAP, Column, bits, fit, size, sized
from jobd.dashboard.looks import Cell, Eye, Tone

R = TypeVar("R")


def facts(pairs: Iterable[tuple[str, Cell | None]]) -> list[Cell]:
    """A line for each fact that there is, the names as wide as the widest."""
    there = [(name, cell) for name, cell in pairs if cell is not None and any(text for text, _ in bits(cell))]
    width = max((len(name) for name, _ in there), default=0)
    return [((f"{name:<{width}}  ", Tone.DIM), *bits(cell)) for name, cell in there]


def listing(columns: Sequence[Column[R]], rows: Iterable[R], eye: Eye, width: int) -> list[Cell]:
    """A table of `width` cells, with its titles."""
    rows = list(rows)
    longest = {column.title: max((size(column.cell(row, eye)) for row in rows), default=0) for column in columns}
    fitted = fit(columns, width, longest)
    cut = eye.pick(CUT, ASCII_CUT)
    titles = [sized((column.title, Tone.HEAD), wide, right=column.right, cut=cut) for column, wide in fitted]
    cells = [
        [sized(column.cell(row, eye), wide, right=column.right, cut=cut) for column, wide in fitted] for row in rows
    ]
    gap = (" " * GAP, Tone.PLAIN)
    return [tuple(bit for cell in line for bit in (*cell, gap))[:-1] for line in (titles, *cells)]
