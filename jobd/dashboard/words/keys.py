"""The keys of the screen in front, as help and the palette name them: those that this person may use."""

from __future__ import annotations

from dataclasses import dataclass

from textual.keys import format_key

from jobd.dashboard.page import Page

EVERYWHERE = frozenset({"back", "reload"})
"""Actions that every page has."""


@dataclass(frozen=True, slots=True)
class Key:
    """One action of a page."""

    shown: str
    """The keys that do it, as people name them: `/ f`."""
    description: str
    action: str


def keys(page: Page) -> tuple[Key, ...]:
    """Every action with a key, in the order in which the screen lists them."""
    found: dict[str, Key] = {}
    for node, binding, enabled, _ in page.active_bindings.values():
        if node is not page or not enabled or binding.system or binding.action in EVERYWHERE:
            continue
        if not binding.description or "." in binding.action.partition("(")[0]:  # Textual's own: screen.…, app.…
            continue
        name = _named(binding.key)
        if (before := found.get(binding.action)) is not None:
            name = " ".join(dict.fromkeys((*before.shown.split(), name)))
        found[binding.action] = Key(name, binding.description, binding.action)
    return tuple(found.values())


def _named(key: str) -> str:
    """One key as people name it; the footer names only the first of several."""
    name = "Enter" if key == "enter" else format_key(key)
    return name if len(name) == 1 else name.title()
