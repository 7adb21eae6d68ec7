"""The lines of a table: what stands in one, how it is drawn in the colours of the theme, and where two differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from jobd.dashboard.lists.columns import ASCII_CUT, CUT, GAP, Column, one_line, sized
from jobd.dashboard.looks import Cell, Tone


@dataclass(frozen=True, slots=True)
class Line:
    """What is drawn in one line; without cells `mark` is all of it."""

    mark: str
    under: str = ""
    """`chosen`, `marked` or both: what lies under it."""
    cells: tuple[Cell, ...] = ()
    tone: Tone | None = None
    """Of all of it, whatever the cells say."""


class Painter:
    """Draws for one widget, until its theme changes."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[tuple[Tone, str], Style] = {}

    def draw(self, line: Line, fitted: Sequence[tuple[Column[Any], int]], width: int) -> Strip:
        """A line of exactly `width` cells."""
        if not line.cells:
            return Strip([Segment(set_cell_size(one_line(line.mark), width), self._style(Tone.DIM, ""))], width)
        cut = ASCII_CUT if getattr(self._widget.app, "ascii", False) else CUT
        segments = [Segment(line.mark, self._style(Tone.BUSY, line.under))]
        for (column, size), cell in zip(fitted, line.cells, strict=True):
            for text, tone in sized(cell, size, right=column.right, cut=cut):
                segments.append(Segment(text, self._style(line.tone or tone, line.under)))
            segments.append(Segment(" " * GAP, segments[-1].style))
        plain = self._style(Tone.PLAIN, line.under)
        return Strip(segments).adjust_cell_length(width, plain).crop(0, width).simplify()

    def _style(self, tone: Tone, under: str) -> Style:
        """The colours of a tone on what lies under the line; asked of the theme once."""
        if (known := self._styles.get((tone, under))) is not None:
            return known
        _, ground = self._widget.background_colors
        weight = Style()
        for name in (*under.split(), tone):
            styles = self._widget.get_component_styles(f"table--{name}")
            weight += styles.text_style
            ground += styles.background  # a part of its colour over what lies below, as elsewhere on the screen
        if under and self._widget.app.native_ansi_color:  # the terminal's own colours do not mix
            return self._styles.setdefault((tone, under), weight + Style(reverse=True, dim=False))
        style = weight + Style.from_color((ground + styles.color).rich_color, ground.rich_color)
        self._styles[tone, under] = style
        return style


def difference(old: Strip, new: Strip) -> tuple[int, int]:
    """From where to where two lines of one width differ, in cells; by segments, for that is cheap."""
    first: int = 0
    before, after = list(old), list(new)
    while before and after and before[0] == after[0]:
        first += before.pop(0).cell_length
        after.pop(0)
    last: int = new.cell_length
    while before and after and before[-1] == after[-1]:
        last -= after.pop().cell_length
        before.pop()
    return first, max(first + 1, last)
