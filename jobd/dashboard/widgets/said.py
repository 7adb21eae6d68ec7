"""The line above the keys: what was done last, as the command that does the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.widgets import Static

from jobd.dashboard.looks import Tone
from jobd.dashboard.widgets.words import content

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard
    from jobd.dashboard.page import Page


class Said(Static):
    """Empty until something was done, on whatever screen; drawn anew when that is something else."""

    DEFAULT_CSS = """
    Said { height: auto; max-height: 1; padding: 0 1; color: $text-muted; display: none; }
    Said.-said { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._drawn: tuple[str, str] | None = None

    def look(self) -> None:
        """Show what is the last change now."""
        dash, page = cast("Dashboard", self.app), cast("Page", self.screen)
        if dash.said is None:
            return
        facts = command, undo = dash.said.command, dash.way_back(keyed=not page.OWN_UNDO)
        if facts != self._drawn:
            self._drawn = facts
            bits = [("$ ", Tone.DIM), (command, Tone.NAME)]
            if undo:
                bits += [("   undo: ", Tone.DIM), (undo, Tone.PLAIN)]
            self.update(content((*bits, ("   C copies", Tone.DIM))))
            self.add_class("-said")
