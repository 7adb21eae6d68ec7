"""Lines that are drawn once: of each only the stretch that differs from what stands there is painted again."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import Eye, Tone
from jobd.dashboard.widgets.lines import Line, Painter, difference


class Painted(ScrollView):
    """Draws the lines that its `content` tells, in the tones of the theme; who changed what they say calls `paint`."""

    DEFAULT_CSS = """
    Painted { background: $background; scrollbar-gutter: stable; overflow-x: hidden;
        &:focus > .table--chosen { background: $primary 40%; text-style: bold; }
    }
    .table--plain { color: $foreground; }
    .table--dim { color: $foreground; text-style: dim; }
    .table--name { color: $foreground; text-style: bold; }
    .table--head { color: $foreground; text-style: bold dim; }
    .table--busy { color: $text-accent; }
    .table--good { color: $text-success; }
    .table--warn { color: $text-warning; }
    .table--bad { color: $text-error; }
    .table--chosen { background: $primary 20%; }
    .table--marked { background: $warning 25%; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"table--{tone}" for tone in Tone} | {"table--chosen", "table--marked"}

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._painted: dict[int, Strip] = {}
        self._contents: dict[int, Line] = {}
        """What `_painted` was drawn from, by line of the screen."""
        self._painter = Painter(self)

    @property
    @abstractmethod
    def fitted(self) -> Sequence[tuple[Column[Any], int]]:
        """The columns that there is room for, with their widths."""

    @abstractmethod
    def content(self, y: int, eye: Eye) -> Line:
        """What stands in a line of the screen."""

    @property
    def eye(self) -> Eye:
        return Eye.open(ascii=getattr(self.app, "ascii", False))

    def paint(self) -> None:
        """Drawing is dear, comparing is not: what says the same as before stays."""
        if not self.is_attached or not self.size:
            return
        eye = self.eye
        for y in range(self.size.height):
            content, old = self.content(y, eye), self._painted.get(y)
            if old is not None and content == self._contents.get(y):
                continue
            new = self._draw(y, content)
            first, last = (0, self.size.width) if old is None else difference(old, new)
            self.refresh(Region(first, y, last - first, 1))

    def forget(self) -> None:
        """Nothing that was painted holds any more: another place, size or colour."""
        self._painted.clear()
        self._contents.clear()

    def render_line(self, y: int) -> Strip:
        strip = self._painted.get(y)
        return strip if strip is not None else self._draw(y, self.content(y, self.eye))

    def _draw(self, y: int, content: Line) -> Strip:
        strip = self._painted[y] = self._painter.draw(content, self.fitted, self.size.width)
        self._contents[y] = content
        return strip

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.forget()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painter = Painter(self)
        self.forget()
