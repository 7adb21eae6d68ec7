"""jobd's own colours, and the order in which the key goes through themes. Every pair was chosen to be told apart by
people who see red and green alike: good is bluish, bad is orange-red, and neither stands without its glyph."""

from __future__ import annotations

from textual.theme import Theme

THEMES = (
    Theme(
        name="jobd-dark",
        primary="#4f8fd9",
        secondary="#7a88a6",
        accent="#66b8ff",
        success="#4ec9a4",
        warning="#e5b454",
        error="#f0715b",
        foreground="#d7dde8",
        background="#11151c",
        surface="#1a202b",
        panel="#232b39",
        dark=True,
    ),
    Theme(
        name="jobd-light",
        primary="#1f5fae",
        secondary="#5b6b86",
        accent="#0b62c4",
        success="#00735c",
        warning="#8a5a00",
        error="#b3261e",
        foreground="#1b2430",
        background="#fbfcfe",
        surface="#eef2f7",
        panel="#e2e8f1",
        dark=False,
    ),
)
ORDER = ("jobd-dark", "jobd-light", "ansi-dark", "ansi-light", "nord", "gruvbox", "dracula", "solarized-light")


def next_theme(current: str) -> str:
    return ORDER[(ORDER.index(current) + 1) % len(ORDER)] if current in ORDER else ORDER[0]
