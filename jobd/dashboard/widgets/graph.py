"""What ended well and what failed, as columns over time: above and below one line, so that it reads without colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from jobd.dashboard.lists.columns import sized
from jobd.dashboard.looks import Bit, Eye, Tone
from jobd.dashboard.widgets.lines import difference
from jobd.dashboard.words.bars import columns, folded, round_top, short

GUTTER = 9
"""Room on the left for the scale."""
TWO_ROWS_FROM = 8
"""Lines of the graph from which on failures have two of them."""


class Graph(Widget):
    """Succeeded above the line, failed below it, each on a scale of its own; only lines that differ are painted."""

    DEFAULT_CSS = """
    Graph { height: 10; }
    Graph > .graph--dim { color: $text-muted; }
    Graph > .graph--good { color: $text-success; }
    Graph > .graph--bad { color: $text-error; }
    """
    TONES: ClassVar[tuple[Tone, ...]] = (Tone.DIM, Tone.GOOD, Tone.BAD)
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"graph--{tone}" for tone in TONES}

    def __init__(self, *, unit: str, least: float, empty: str, id: str | None = None) -> None:
        """`least` is the smallest end of a scale, `empty` what is said when nothing has ended."""
        super().__init__(id=id)
        self._unit, self._least, self._empty = unit, least, empty
        self._values: Sequence[tuple[float, float]] = ()
        self._ago, self._note = "", ""
        self._painted: dict[int, Strip] = {}

    @property
    def room(self) -> int:
        """Cells that columns have."""
        return max(1, self.size.width - GUTTER - 1)

    def show(
        self, values: Sequence[tuple[float, float]], *, ago: str, note: str = "", empty: str | None = None
    ) -> None:
        """(succeeded, failed), oldest first; `ago` says when the first one was, `note` stands before the last."""
        self._values, self._ago, self._note = values, ago, note
        self._empty = self._empty if empty is None else empty
        if not self.is_attached or not self.size:
            return
        for y, strip in enumerate(self._lines()):
            old = self._painted.get(y)
            if strip != old:
                first, last = (0, self.size.width) if old is None else difference(old, strip)
                self.refresh(Region(first, y, last - first, 1))

    # --- painting ---

    def on_resize(self) -> None:
        self._painted.clear()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painted.clear()

    def render_line(self, y: int) -> Strip:
        lines = self._lines()
        strip = lines[y] if y < len(lines) else Strip.blank(self.size.width, self.rich_style)
        self._painted[y] = strip
        return strip

    def _lines(self) -> list[Strip]:
        eye = Eye.open(ascii=getattr(self.app, "ascii", False))
        height = self.size.height
        below = min(2 if height >= TWO_ROWS_FROM else 1, max(0, height - 2))
        above = max(0, height - below - 1)
        good = folded([succeeded for succeeded, _ in self._values], self.room)
        bad = folded([failed for _, failed in self._values], self.room)
        upper = self._half(good, above, eye.pick("✓", "+"), Tone.GOOD, eye)
        lower = self._half(bad, below, eye.pick("✗", "x"), Tone.BAD, eye)
        if not any(good) and not any(bad) and above:
            upper[above // 2] = self._strip([(" " * (GUTTER + 1), Tone.DIM), (self._empty, Tone.DIM)])
        return [*upper, self._strip(self._axis(len(good) or self.room, eye)), *lower]

    def _half(self, values: Sequence[float], rows: int, glyph: str, tone: Tone, eye: Eye) -> list[Strip]:
        """The lines on one side, with the end of their scale beside the first."""
        most = max(values, default=0.0)
        top = round_top(most, self._least)
        scale = f"{glyph} {short(top)}{self._unit}" if most > 0 else f"{glyph} 0{self._unit}"
        labels = [scale, *[""] * rows]
        return [
            self._strip([(f"{label:>{GUTTER}} ", Tone.DIM), (text, tone)])
            for label, text in zip(labels, columns(values, rows, top, ascii=eye.ascii), strict=False)
        ]

    def _axis(self, width: int, eye: Eye) -> list[Bit]:
        line, note = eye.pick("─", "-"), f" {self._note} " if self._note else ""
        ends = f"{self._ago} ", " now"
        room = width - len(ends[0]) - len(ends[1])
        note = note if len(note) < room else ""
        left = max(0, room - len(note) - 2)
        parts = (" " * (GUTTER + 1) + ends[0] + line * left, note, line * max(0, room - len(note) - left) + ends[1])
        return [(part, Tone.DIM) for part in parts]

    def _strip(self, bits: Sequence[Bit]) -> Strip:
        width = self.size.width
        out = [Segment(text, self._style(tone)) for text, tone in sized(tuple(bits), width)]
        return Strip(out).adjust_cell_length(width, self.rich_style).crop(0, width)

    def _style(self, tone: Tone) -> Style:
        return self.get_component_rich_style(f"graph--{tone}" if tone in self.TONES else "graph--dim")
