"""The line below the bar that says why what is shown is not what there is: the daemon is lost, or refuses to tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widgets import Static

from jobd.dashboard.lists.columns import one_line
from jobd.model.told import length

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard
    from jobd.dashboard.loading import Loading


class Trouble(Static):
    """Why nothing newer is there, and how old what is shown is. Not there while all is well.

    A lost daemon is said first: that it refuses this screen, too, follows from that.
    """

    DEFAULT_CSS = """
    Trouble { height: auto; max-height: 3; padding: 0 1; background: $error 30%; color: $text; display: none; }
    Trouble.-trouble { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._said = ""

    def on_mount(self) -> None:
        self.look()
        self.set_interval(1.0, self.look)

    def look(self) -> None:
        snapshot, refused = cast("Dashboard", self.app).snapshot, cast("Loading", self.screen).refused
        self.set_class(snapshot.stale or refused is not None, "-trouble")
        if snapshot.trouble is not None:
            age = (
                f"what you see is {length(round((datetime.now(UTC) - snapshot.at).total_seconds()))} old"
                if snapshot.at
                else "nothing has been heard yet"
            )
            self._say(f"LOST  {one_line(snapshot.trouble)} · {age} · trying again")
        elif refused is not None:
            self._say(f"NOT LOADED  {one_line(refused)} · what you see was there before · F5 tries again")

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self.update(Content(text))
