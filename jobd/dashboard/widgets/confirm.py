"""The question before a change: leaving it is the default, and a large set wants its number typed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from jobd.dashboard.changes.deed import Care, Deed
from jobd.dashboard.lists.columns import one_line
from jobd.dashboard.looks import Cell, Tone
from jobd.dashboard.widgets.typed import Typed
from jobd.dashboard.widgets.words import Words

LONGEST = 180


class Confirm(ModalScreen[bool]):
    """True when it is to be done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", "Cancel"),
        Binding("left,right,h,l", "app.focus_next", "Other button", show=False),
    ]

    def __init__(self, deed: Deed, where: str) -> None:
        super().__init__()
        self._deed, self._where = deed, where

    def compose(self) -> ComposeResult:
        deed = self._deed
        with Vertical(classes="dialog"):
            yield Words([(f"{deed.title}?", Tone.NAME)], classes="title")
            about: list[Cell] = [(self._where, Tone.DIM)] if self._where else []
            about += [deed.detail] if deed.detail else []
            if about:
                yield Words(about)
            yield Words([(_cut(f"$ {deed.command}"), Tone.DIM)])
            undo = _cut(f"Undo: {deed.undo}") if deed.undo else "This cannot be undone."
            yield Words([(undo, Tone.DIM if deed.undo else Tone.WARN)])
            if deed.care is Care.TYPE:
                yield Words([f"Type {deed.typed} to go on:"])
                yield Typed(id="typed")
            with Horizontal(classes="buttons"):
                yield Button("Leave it", id="cancel", compact=True)
                label = Content(one_line(deed.title))  # a str would be markup
                yield Button(label, id="go", variant="error", disabled=deed.care is Care.TYPE, compact=True)

    def on_mount(self) -> None:
        self.query_one("#typed" if self._deed.care is Care.TYPE else "#cancel").focus()

    @on(Input.Changed, "#typed")
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#go", Button).disabled = not self._matches(event.value)

    @on(Input.Submitted, "#typed")
    def _submitted(self, event: Input.Submitted) -> None:
        if self._matches(event.value):
            self.dismiss(True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "go")

    def _matches(self, value: str) -> bool:
        return value.strip().replace(",", "") == self._deed.typed.replace(",", "")


def _cut(text: str) -> str:
    """A command may name hundreds: in the dialog so many that its buttons are seen; C copies all of it."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rpartition(' ')[0]} ..."
