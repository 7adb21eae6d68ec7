"""A piece of text that is data: never markup, never raw."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.widgets import Static

from jobd.dashboard.lists.columns import bits
from jobd.dashboard.looks import Cell, Tone
from jobd.model.display import display_safe

STYLES = {
    Tone.PLAIN: "",
    Tone.DIM: "dim",
    Tone.NAME: "bold",
    Tone.HEAD: "dim bold",
    Tone.BUSY: "$text-accent",
    Tone.GOOD: "$text-success",
    Tone.WARN: "$text-warning",
    Tone.BAD: "$text-error",
}


def content(cell: Cell) -> Content:
    """One line."""
    return Content.assemble(*((text, STYLES[tone]) for text, tone in bits(cell)))


def block(text: str) -> Content:
    """Data of several lines, as a traceback: newlines and tabs stay, everything else is made visible."""
    return Content(display_safe(text, lines=True).expandtabs(4))


class Words(Static):
    """Lines of cells."""

    def __init__(self, lines: Iterable[Cell] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", markup=False, id=id, classes=classes)
        self._shown: tuple[Cell, ...] = ()
        if lines := tuple(lines):
            self.say(lines)

    def say(self, lines: Iterable[Cell]) -> None:
        """Show these lines; nothing is painted when they are the same."""
        lines = tuple(lines)
        if lines != self._shown:
            self._shown = lines
            self.update(Content("\n").join(content(line) for line in lines))
