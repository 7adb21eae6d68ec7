"""The least that Textual can do: a list of words in which a cursor moves. The dashboard is held against it."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import OptionList


class Bare(App[None]):
    """Words, and nothing else."""

    BINDINGS = [("j", "down", "Down"), ("k", "up", "Up")]  # noqa: RUF012 - as Textual declares it

    def compose(self) -> ComposeResult:
        yield OptionList(*(f"noop {number}" for number in range(100)))

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()


if __name__ == "__main__":
    Bare().run()
