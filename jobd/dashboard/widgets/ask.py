"""A question for one line of text, such as a reason or a weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from jobd.dashboard.looks import Tone
from jobd.dashboard.widgets.typed import Typed
from jobd.dashboard.widgets.words import Words


class Ask(ModalScreen[str | None]):
    """What was typed; None when it was left with Escape. `check` says what is wrong with a text, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(
        self, title: str, *, hint: str = "", value: str = "", check: Callable[[str], str | None] = lambda _: None
    ) -> None:
        super().__init__()
        self._title, self._hint, self._value, self._check = title, hint, value, check

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Words([(self._title, Tone.NAME)], classes="title")
            yield Words([(self._hint, Tone.DIM)] if self._hint else [])
            yield Typed(self._value, id="answer")
            yield Words(id="wrong")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        wrong = self._check(event.value.strip())
        if wrong is None:
            self.dismiss(event.value.strip())
        else:
            self.query_one("#wrong", Words).say([(wrong, Tone.BAD)])
