"""One thing with all that is known of it, over the screen; closed by Escape, or left by a key that does something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from jobd.dashboard.looks import Cell, Tone
from jobd.dashboard.widgets.facts import Facts
from jobd.dashboard.widgets.reader import Reader
from jobd.dashboard.widgets.words import Words


class Details(ModalScreen[str | None]):
    """The key of `keys` that was pressed; None when it was closed."""

    CSS = """
    Details { align: center middle; background: $background 60%; }
    Details .dialog { width: 100; padding: 0 1; }
    Details Reader { height: auto; max-height: 60vh; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "dismiss(None)", "Close")]

    def __init__(self, title: str, lines: Iterable[Cell], keys: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._title, self._lines, self._keys = title, tuple(lines), dict(keys or {})

    def compose(self) -> ComposeResult:
        offered = [(f"{key} ", Tone.BUSY) if even else (f"{text}   ", Tone.PLAIN)
                   for key, text in (*self._keys.items(), ("Esc", "Close")) for even in (True, False)]  # fmt: skip
        with Vertical(classes="dialog"):
            yield Words([(self._title, Tone.NAME)], classes="title")
            with Reader():
                yield Facts(self._lines)
            yield Words(["", tuple(offered)])

    def on_key(self, event: events.Key) -> None:
        if event.character in self._keys:
            event.stop()
            self.dismiss(event.character)
