"""The line in which a filter is typed: the same words as `jobctl runs` and the API take."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from jobd.dashboard.widgets.typed import Typed
from jobd.model.display import display_safe
from jobd.model.filter import STATES, parse_filter
from jobd.model.filter_words import FilterError

WORDS = (
    *(f"state:{state}" for state in STATES),
    *("id:", "job:", "queue:", "schedule:", "source:", "node:", "since:1h", "since:24h", "until:", "attempt:>1"),
    *("took:>5s", "arg.", "error:"),
)


class FilterBar(Typed):
    """Hidden while there is no filter; Enter finds, Escape leaves it as it was."""

    DEFAULT_CSS = """
    FilterBar { height: 1; border: none; padding: 0 1; background: $surface; display: none; }
    FilterBar:focus { border: none; background: $panel; }
    FilterBar.-shown { display: block; }
    FilterBar.-invalid { color: $text-error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Find", key_display="Enter"),
        Binding("escape", "leave", "Leave"),
    ]

    class Found(Message):
        """Another filter is to be used."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Left(Message):
        """The line was left."""

    def __init__(self, whole: Callable[[str], str] = str) -> None:
        """`whole`: what is asked for when this is typed; it has to be a filter, too."""
        super().__init__(
            placeholder="state:failed job:send-* queue:low since:1h attempt:>1 took:>5s arg.user_id:42 words",
            suggester=Words(),
            select_on_focus=False,
        )
        self._whole = whole
        self.used = ""

    def open(self) -> None:
        """Show the filter in use for editing."""
        self.add_class("-shown")
        self.value = self.used
        self.cursor_position = len(self.value)
        self.focus()

    def use(self, text: str) -> None:
        """Take over a filter that was chosen elsewhere."""
        self.used = self.value = text
        self.set_class(bool(text), "-shown")

    def on_input_changed(self, event: Input.Changed) -> None:
        self.set_class(self._wrong(event.value) is not None, "-invalid")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if (complaint := self._wrong(text)) is not None:
            self.notify(display_safe(complaint), severity="error", markup=False)
            return
        self.use(text)
        self.post_message(self.Found(text))

    def _wrong(self, text: str) -> str | None:
        return wrong(text) or wrong(self._whole(text))

    def action_leave(self) -> None:
        self.use(self.used)
        self.post_message(self.Left())


class Words(Suggester):
    """Completes the last word of a filter."""

    def __init__(self) -> None:
        super().__init__(case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        before, _, last = value.rpartition(" ")
        found = next((word for word in WORDS if last and word.startswith(last) and word != last), None)
        return None if found is None else f"{before} {found}".lstrip()


def wrong(text: str) -> str | None:
    """What is wrong with a filter; None when nothing is."""
    try:
        parse_filter(text)
    except FilterError as error:
        return str(error)
    return None
