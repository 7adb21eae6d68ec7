"""A line that is typed in, whose text may have come from data or from a clipboard: it is shown as harmless as data."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import Input

from jobd.model.display import display_safe


class Typed(Input):
    """An Input that keeps its text as it is, and draws a picture for every character that a terminal would obey."""

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
