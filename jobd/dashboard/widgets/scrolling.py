"""The bars beside what is longer than the screen; without the ends of eighths where the terminal has ASCII alone."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.segment import Segments
from textual._context import active_app
from textual.scrollbar import ScrollBar, ScrollBarRender


class Whole(ScrollBarRender):
    """Whole cells only: colour is all that there is to see of it."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


class Rendered(ScrollBarRender):
    """As the application looks at it."""

    @classmethod
    def render_bar(cls, *args: Any, **named: Any) -> Segments:
        kind = Whole if getattr(active_app.get(), "ascii", False) else ScrollBarRender
        return kind.render_bar(*args, **named)


def install() -> None:
    """For every scrollbar of this process; each application has its own characters all the same."""
    ScrollBar.renderer = Rendered
