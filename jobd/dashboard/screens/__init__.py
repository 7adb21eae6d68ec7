"""The screens, in the order of their keys. A new one is a file here and a line in SCREENS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from textual.screen import Screen


@dataclass(frozen=True, slots=True)
class Entry:
    """A screen, by its name, which is also its file's; loaded when it is first looked at."""

    name: str
    key: str
    title: str
    page: str
    """The class in the file."""
    brief: str = ""
    """A shorter title, for 80 columns; empty: the title is short enough."""
    rare: bool = False
    """The first to be left out of a line that has no room for all."""


SCREENS = (
    Entry("home", "1", "Home", "Home"),
    Entry("runs", "2", "Runs", "Runs"),
    Entry("schedules", "3", "Schedules", "Schedules", brief="Sched"),
    Entry("queues", "4", "Queues", "Queues"),
    Entry("failed", "5", "Failed", "Failed"),
    Entry("nodes", "6", "Nodes", "Nodes"),
    Entry("outbox", "7", "Outbox", "Outbox"),
    Entry("statistics", "8", "Stats", "Statistics"),
    Entry("journal", "9", "Events", "Journal"),
    Entry("database", "0", "DB", "Database"),
    Entry("settings", ",", "Config", "SettingsPage", brief="Conf"),
    Entry("tokens", ".", "Tokens", "TokensPage", rare=True),
)


def maker(entry: Entry) -> Callable[[], Screen[Any]]:
    """Makes the screen, from its file when it is first asked for."""

    def make() -> Screen[Any]:
        made: Screen[Any] = getattr(import_module(f"jobd.dashboard.screens.{entry.name}"), entry.page)()
        return made

    return make
