"""A line in which a regular expression is typed; it is looked for while it is typed."""

from __future__ import annotations

import re

from textual.widgets import Input

from jobd.dashboard.widgets.narrow import Narrow
from jobd.model.display import display_safe


class PatternBar(Narrow):
    """Small letters alone find large ones too. What is no expression yet is shown as wrong, and not looked for."""

    DEFAULT_CSS = """
    PatternBar.-invalid { color: $text-error; }
    """

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder)
        self.pattern: re.Pattern[str] | None = None
        """What is looked for; None: nothing."""

    # Textual calls the handlers of both classes, this one first, unless it is told that this was all.

    def _on_input_changed(self, event: Input.Changed) -> None:
        before = self.pattern
        wrong = self._take(event.value)
        self.set_class(wrong is not None, "-invalid")
        if self.pattern == before:
            event.prevent_default()

    def _on_input_submitted(self, event: Input.Submitted) -> None:
        if (wrong := self._take(event.value)) is not None:
            event.prevent_default().stop()
            self.notify(display_safe(f"no regular expression: {wrong}"), severity="error", markup=False)

    def _take(self, text: str) -> str | None:
        """Look for this from now on; what is wrong with it when nothing else is looked for."""
        try:
            self.pattern = compiled(text)
        except re.error as error:
            return str(error)
        return None


def compiled(text: str) -> re.Pattern[str] | None:
    """The expression; None for no text at all. Raises re.error."""
    return re.compile(text, re.IGNORECASE if text == text.lower() else 0) if text else None
