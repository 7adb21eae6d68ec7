"""The line above the keys: what was done last, as the command that does the same."""

from __future__ import annotations

from textual.widgets import Static

from jobd.dashboard.looks import Tone
from jobd.dashboard.widgets.words import content


class Said(Static):
    """Empty until something was done."""

    DEFAULT_CSS = """
    Said { height: auto; max-height: 1; padding: 0 1; color: $text-muted; display: none; }
    Said.-said { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def tell(self, command: str, undo: str | None) -> None:
        bits = [("$ ", Tone.DIM), (command, Tone.NAME)]
        if undo:
            bits += [("   undo: ", Tone.DIM), (undo, Tone.PLAIN)]
        self.update(content((*bits, ("   C copies", Tone.DIM))))
        self.add_class("-said")
