"""The columns of a list: what stands in them, and how many of them a terminal has room for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar

from rich.cells import cell_len, set_cell_size

from jobd.dashboard.looks import Bit, Cell, Eye, Tone
from jobd.model.display import display_safe

R = TypeVar("R")

GAP = 2
CUT, ASCII_CUT = "…", "~"
"""What stands where the rest of a text had no room."""
NOTHING: Mapping[str, int] = MappingProxyType({})
LONGEST = 500
"""Characters of one cell that are looked at: wider is no terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[R]):
    """One column; widths are cells of the terminal."""

    title: str
    cell: Callable[[R, Eye], Cell]
    width: int
    """The least that it is shown with."""
    grow: int = 0
    """Its part of what is left over; 0 keeps it as it is."""
    right: bool = False
    keep: int = 9
    """Where there is no room for all, the smallest goes first; 9 stays."""


def fit(columns: Sequence[Column[R]], room: int, longest: Mapping[str, int] = NOTHING) -> list[tuple[Column[R], int]]:
    """The columns that `room` cells hold, and how wide each is; those that stay get narrower when they must.

    `longest`: cells of the longest text of a column, by its title: who needs less than its part lends the rest.
    """
    chosen = list(columns)
    while len(chosen) > 1 and _needed(chosen) > room:
        least = min(column.keep for column in chosen)
        if least == 9:
            break
        chosen.remove(next(column for column in reversed(chosen) if column.keep == least))
    spare = max(0, room - _needed(chosen))
    parts = sum(column.grow for column in chosen)
    widths = [column.width + (spare * column.grow // parts if parts else 0) for column in chosen]
    if parts:
        last = max(index for index, column in enumerate(chosen) if column.grow)
        widths[last] += spare - sum(width - column.width for width, column in zip(widths, chosen, strict=True))
    return list(zip(chosen, _lent(chosen, widths, longest), strict=True))


def _lent(columns: Sequence[Column[R]], widths: Sequence[int], longest: Mapping[str, int]) -> Sequence[int]:
    """The widths when those that would be cut have borrowed of those that do not use theirs; no other one moves."""
    out = list(widths)
    for index, column in enumerate(columns):
        wanted = longest.get(column.title, 0) - out[index]
        for other, lender in enumerate(columns) if wanted > 0 and column.grow else ():
            if lender.title not in longest or not lender.grow:
                continue
            free = min(wanted, out[other] - max(lender.width, longest[lender.title]))
            if free > 0:
                out[index], out[other], wanted = out[index] + free, out[other] - free, wanted - free
    return out


def size(cell: Cell) -> int:
    """How many cells of a terminal it takes uncut."""
    return sum(cell_len(text) for text, _ in bits(cell))


def bits(cell: Cell) -> tuple[Bit, ...]:
    """A cell as bits of text that can do nothing to a terminal."""
    match cell:
        case str():
            return ((one_line(cell), Tone.PLAIN),)
        case (str(text), Tone() as tone):
            return ((one_line(text), tone),)
    return tuple((one_line(text), tone) for text, tone in cell)


def one_line(text: str) -> str:
    """Data for one line of a terminal."""
    return display_safe(text if len(text) <= LONGEST else text[:LONGEST])


def sized(cell: Cell, width: int, *, right: bool = False, cut: str = CUT) -> list[Bit]:
    """A cell, exactly `width` cells wide: cut with the mark `cut` or filled with blanks."""
    out, room = list[Bit](), width
    for text, tone in bits(cell):
        size = cell_len(text)
        if size > room:
            out.append((set_cell_size(text, max(0, room - 1)) + (cut if room else ""), tone))
            return out
        out.append((text, tone))
        room -= size
    if room:  # in the tone beside it: another one would cost its colours on the way to the terminal
        at = 0 if right else len(out)
        out.insert(at, (" " * room, out[0 if right else -1][1] if out else Tone.PLAIN))
    return out


def _needed(columns: Sequence[Column[R]]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)
