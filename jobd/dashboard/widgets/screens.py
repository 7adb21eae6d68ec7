"""The line of screens, each with its key; a number beside a name where there is something to see to."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.content import Content
from textual.widgets import Static

from jobd.dashboard.screens import SCREENS, Entry

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard
    from jobd.dashboard.live.snapshot import Snapshot


class Screens(Static):
    """Drawn anew when something of it has changed; a click goes there."""

    DEFAULT_CSS = """
    Screens { height: 1; padding: 0 1; background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._places: list[tuple[int, int, str]] = []
        self._drawn: tuple[object, ...] = ()

    def on_mount(self) -> None:
        self.look()

    def on_resize(self) -> None:
        self.look()

    def look(self) -> None:
        """Show how things are now."""
        app = cast("Dashboard", self.app)
        facts = (max(20, self.size.width - 2), app.current_mode or "", badges(app.snapshot))
        if facts != self._drawn:
            self._drawn = facts
            self.update(self._line(*facts), layout=False)

    def on_click(self, event: events.Click) -> None:
        for first, last, name in self._places:
            if first <= event.x - 1 < last:
                cast("Dashboard", self.app).action_go(name)

    def _line(self, width: int, current: str, numbers: dict[str, str]) -> Content:
        """The names and numbers; where there is no room short names, then those of most days, short all, then keys."""
        line, often = Content(""), [screen for screen in SCREENS if not screen.rare or screen.name == current]
        for write, screens in (
            (_whole, SCREENS),
            (_brief, SCREENS),
            (_brief, often),
            (_short, often),
            (_keys, SCREENS),
        ):
            line, self._places = Content(""), []
            for screen in screens:
                here = screen.name == current
                before, name = write(screen, numbers.get(screen.name, ""), here)
                first = line.cell_length
                style = "$text bold on $primary 40%" if here else "dim"
                line = Content.assemble(line, (before, style if here else "bold"), (name, style))
                self._places.append((first, line.cell_length, screen.name))
            if line.cell_length <= width:
                break
        return line


def _whole(screen: Entry, number: str, here: bool) -> tuple[str, str]:
    """The key, and what follows it."""
    return f" {screen.key} ", f"{screen.title} {number} " if number else f"{screen.title} "


def _brief(screen: Entry, number: str, here: bool) -> tuple[str, str]:
    return screen.key, f"{screen.title if here else screen.brief or screen.title}{'!' if number else ''} "


def _short(screen: Entry, number: str, here: bool) -> tuple[str, str]:
    """As before, but the long title of this screen is no reason to leave out the others'."""
    return screen.key, f"{screen.brief or screen.title}{'!' if number else ''} "


def _keys(screen: Entry, number: str, here: bool) -> tuple[str, str]:
    return screen.key, f" {screen.title} " if here else "!" if number else " "


def badges(snapshot: Snapshot) -> dict[str, str]:
    """Numbers beside the names of screens, where there is something to see to."""
    status = snapshot.status
    if status is None or status.counts is None:
        return {}
    found: dict[str, str] = {}
    if failed := status.counts.hour.get("failed", 0):
        found["failed"] = f"{failed:,}"
    if paused := sum(1 for queue in status.queues or () if queue.paused_at is not None):
        found["queues"] = f"{paused} paused"
    return found
