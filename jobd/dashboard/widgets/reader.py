"""Text to read: data of several lines, and what it is scrolled in."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from jobd.dashboard.widgets.words import block
from jobd.model.display import display_safe


class Reader(VerticalScroll):
    """Scrolls with the keys of lists, too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
        Binding("ctrl+d", "page_down", "Page down", show=False),
        Binding("ctrl+u", "page_up", "Page up", show=False),
        Binding("g", "scroll_home", "First line", show=False),
        Binding("G", "scroll_end", "Last line", show=False),
    ]


class Block(Static):
    """Lines as they are, as a traceback or JSON; long ones wrap, and what could hurt a terminal is made visible."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", markup=False, id=id, classes=classes)
        self._shown = ""

        self._title = ""

    def tell(self, text: str, *, title: str = "") -> None:
        """Show this text, below a title where there is one; nothing is painted when they are the same."""
        if text != self._shown:
            self._shown = text
            self.update(block(text))
        if title != self._title:
            self._title = title
            self.border_title = Content(display_safe(title))
