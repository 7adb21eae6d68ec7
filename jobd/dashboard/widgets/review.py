"""Lines to be read before something is done, with one button for it and one against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button

from jobd.dashboard.looks import Cell, Tone
from jobd.dashboard.widgets.words import Words


class Review(ModalScreen[bool]):
    """True when it is to be done; `go` says what. The button against it is the default."""

    DEFAULT_CSS = """
    Review { align: center middle; background: $background 60%; }
    Review .read { height: auto; max-height: 60vh; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", "Cancel"),
        Binding("left,right,h,l", "app.focus_next", "Other button", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[Cell], *, go: str, cancel: str = "Cancel") -> None:
        super().__init__()
        self._title, self._lines, self._go, self._cancel = title, lines, go, cancel

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Words([(self._title, Tone.NAME)], classes="title")
            with VerticalScroll(classes="read", can_focus=False):
                yield Words(self._lines)
            with Horizontal(classes="buttons"):
                yield Button(self._cancel, id="cancel", compact=True)
                yield Button(self._go, id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one("#cancel").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "go")
