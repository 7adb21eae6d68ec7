"""A line that narrows a list while it is typed: every word of it has to be found."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from jobd.dashboard.widgets.typed import Typed


class Narrow(Typed):
    """Hidden while it is empty and not typed in; Enter keeps it, Escape takes it away."""

    DEFAULT_CSS = """
    Narrow { height: 1; border: none; padding: 0 1; background: $surface; display: none; }
    Narrow:focus { border: none; background: $panel; }
    Narrow.-shown { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Keep", key_display="Enter"),
        Binding("escape", "leave", "All again"),
    ]

    class Narrowed(Message):
        """Other words are looked for."""

    class Left(Message):
        """The line was left: the list has the keys again."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, select_on_focus=False)

    @property
    def words(self) -> tuple[str, ...]:
        """What is looked for, in small letters."""
        return tuple(self.value.lower().split())

    def open(self) -> None:
        self.add_class("-shown")
        self.focus()

    def clear_away(self) -> None:
        """Look for nothing any more."""
        self.value = ""
        self.remove_class("-shown")

    def on_input_changed(self) -> None:
        self.post_message(self.Narrowed())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.set_class(bool(self.value), "-shown")
        self.post_message(self.Left())

    def action_leave(self) -> None:
        self.clear_away()
        self.post_message(self.Left())
