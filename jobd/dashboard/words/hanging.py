"""A line that is longer than there is room: what goes on stands below where it began, behind the label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, chop_cells

from jobd.dashboard.lists.columns import bits
from jobd.dashboard.looks import Bit, Cell, Tone

NARROWEST = 10


def hanging(label: Sequence[Bit], cell: Cell, width: int) -> list[Cell]:
    """The lines of a cell behind its label, broken between words."""
    indent = sum(cell_len(text) for text, _ in label)
    room = max(NARROWEST, width - indent)
    lines: list[list[Bit]] = [[]]
    left = room
    for word, tone in _words(cell, room):
        size = cell_len(word)
        if size > left and left < room:
            lines.append([])
            left, word = room, word.lstrip(" ")
            size = cell_len(word)
        lines[-1].append((word, tone))
        left -= size
    below = [(" " * indent, Tone.DIM)] if indent else []
    return [(*(label if not number else below), *line) for number, line in enumerate(lines)]


def labelled(line: Cell) -> tuple[tuple[Bit, ...], tuple[Bit, ...]]:
    """The label of a line, which ends with the first bit that two blanks follow, and the rest; it may have none."""
    there = bits(line)
    for number, (text, _) in enumerate(there[:-1], 1):
        if text.endswith("  "):
            return there[:number], there[number:]
    return (), there


def _words(cell: Cell, room: int) -> Iterable[Bit]:
    """Words with the blanks before them; one that no line has room for in pieces."""
    for text, tone in bits(cell):
        start = 0
        for end in range(1, len(text)):
            if text[end] == " " and text[end - 1] != " ":
                yield from ((piece, tone) for piece in chop_cells(text[start:end], room))
                start = end
        if text[start:]:
            yield from ((piece, tone) for piece in chop_cells(text[start:], room))
