"""One of a few things to do, by its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from jobd.dashboard.looks import Tone
from jobd.dashboard.widgets.words import Words


class Pick(ModalScreen[str | None]):
    """The key that was pressed; None for Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, title: str, choices: Mapping[str, str]) -> None:
        super().__init__()
        self._title, self._choices = title, choices

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Words([(self._title, Tone.NAME)], classes="title")
            yield Words(
                [((f" {key} ", Tone.BUSY), (text, Tone.PLAIN)) for key, text in self._choices.items()]
                + [((" Esc ", Tone.BUSY), ("Nothing", Tone.PLAIN))]
            )

    def on_key(self, event: events.Key) -> None:
        if event.character in self._choices:
            event.stop()
            self.dismiss(event.character)
