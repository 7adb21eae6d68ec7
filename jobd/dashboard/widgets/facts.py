"""Lines that begin with a label, such as facts and findings: what does not fit goes on behind it."""

from __future__ import annotations

from collections.abc import Iterable

from jobd.dashboard.looks import Cell
from jobd.dashboard.widgets.words import Words
from jobd.dashboard.words.hanging import hanging, labelled


class Facts(Words):
    """Broken for the width that it has, and anew when that is another."""

    def __init__(self, lines: Iterable[Cell] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines = tuple(lines)

    def say(self, lines: Iterable[Cell]) -> None:
        self._lines = tuple(lines)
        self._wrap()

    def on_resize(self) -> None:
        self.call_after_refresh(self._wrap)  # during the layout itself its own height would be kept

    def _wrap(self) -> None:
        width = self.size.width or self.app.size.width
        super().say(part for line in self._lines for part in hanging(*labelled(line), width))
