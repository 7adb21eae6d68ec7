"""What is wrong with the connection: the line below the bar that says how old everything is, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widgets import Static

from jobd.dashboard.lists.columns import one_line
from jobd.model.told import length

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard


class Trouble(Static):
    """Why nothing newer is there, and how old what is shown is. Not there while all is well."""

    DEFAULT_CSS = """
    Trouble { height: auto; max-height: 3; padding: 0 1; background: $error 30%; color: $text; display: none; }
    Trouble.-trouble { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def on_mount(self) -> None:
        self.look()
        self.set_interval(1.0, self.look)

    def look(self) -> None:
        snapshot = cast("Dashboard", self.app).snapshot
        self.set_class(snapshot.stale, "-trouble")
        if snapshot.trouble is not None:
            age = (
                f"what you see is {length(round((datetime.now(UTC) - snapshot.at).total_seconds()))} old"
                if snapshot.at
                else "nothing has been heard yet"
            )
            self.update(Content(f"LOST  {one_line(snapshot.trouble)} · {age} · trying again"))
