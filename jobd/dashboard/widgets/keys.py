"""The line of keys at the lower edge: what can be done here, by whom it is who looks.

Textual's Footer makes a widget for every key, and keeps the old ones when the keys change (8.2): a screen changed a
thousand times a day would cost 100 MB.
"""

from __future__ import annotations

from typing import Any

from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

GAP = "  "
GUESSED = ("enter", "escape")
KEPT = ("question_mark", "q")
"""How to get help, and how to get out: they stay where there is room for little else."""


class Keys(Static):
    """Drawn anew when the keys are others; a click does what the key does."""

    DEFAULT_CSS = """
    Keys { dock: bottom; height: 1; padding: 0 1; background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._shown: tuple[tuple[str, str, str, bool], ...] = ()
        self._places: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._look)
        self._look(self.screen)

    def on_resize(self) -> None:
        self._draw()

    def on_click(self, event: events.Click) -> None:
        for first, last, key in self._places:
            if first <= event.x - 1 < last:
                self.app.simulate_key(key)

    def _look(self, screen: Screen[Any]) -> None:
        """Each thing once, by its first key."""
        found: dict[str, tuple[str, str, str, bool]] = {}
        for _, binding, enabled, _ in screen.active_bindings.values():
            if binding.show and binding.description:
                shown = self.app.get_key_display(binding).replace("esc", "Esc").replace("f5", "F5")
                found.setdefault(binding.action, (binding.key, shown, binding.description, enabled))
        if (keys := tuple(found.values())) != self._shown:
            self._shown = keys
            self._draw()

    def _draw(self) -> None:
        """As many as there is room for: what everybody guesses gives way first, then the last ones but for KEPT."""
        room, keys = max(10, self.size.width - 2), list(self._shown)
        while len(keys) > 2 and sum(_width(shown, words) for _, shown, words, _ in keys) > room:
            guessed = [one for name in GUESSED for one in keys if one[0] == name]
            others = [one for one in keys if one[0] not in KEPT]
            keys.remove((guessed or others[-1:] or keys)[0])
        line, self._places = Content(""), []
        for key, shown, words, enabled in keys:
            first = line.cell_length
            style = "$text-accent bold" if enabled else "dim"
            line = Content.assemble(line, (shown, style), (f" {words}", "" if enabled else "dim"))
            self._places.append((first, line.cell_length, key))
            line = line + Content(GAP)
        self.update(line, layout=False)


def _width(shown: str, words: str) -> int:
    return len(shown) + len(words) + 1 + len(GAP)
