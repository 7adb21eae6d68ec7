"""A line that is typed in, whose text may have come from data or from a clipboard: it is shown as harmless as data."""

from __future__ import annotations

from rich.segment import Segment
from rich.text import Text
from textual.strip import Strip
from textual.widgets import Input

from jobd.model.display import display_safe


class Typed(Input):
    """An Input that keeps its text as it is, and draws a picture for every character that a terminal would obey."""

    @property
    def _value(self) -> Text:
        """Rich leaves bells and returns out: they would not be seen, and the cursor would stand beside its place."""
        return super()._value if self.password else Text(_pictured(self.value), no_wrap=True, overflow="ignore", end="")

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        if all(display_safe(segment.text) == segment.text for segment in strip):
            return strip
        shown = [Segment(_pictured(segment.text), segment.style) for segment in strip]
        return Strip(shown).adjust_cell_length(self.scrollable_content_region.width + 1)


def _pictured(text: str) -> str:
    """Every character by one: the cursor counts them."""
    shown = map(display_safe, text)
    return "".join(one if len(one) == 1 else "\N{REPLACEMENT CHARACTER}" for one in shown)
