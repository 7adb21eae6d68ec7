"""What is said about the chosen row below a list: facts on the left, figures beside them, its name in the frame."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from jobd.dashboard.lists.columns import one_line
from jobd.dashboard.looks import Bit, Cell, Tone
from jobd.dashboard.widgets.words import Words
from jobd.dashboard.words.hanging import hanging

LABEL = 8
Fact = tuple[str, Cell]
"""A label of at most seven letters, or none, and what stands behind it."""


class Panel(Horizontal):
    """As many columns as there is room for, the first ones first, and no more lines than leave the list its own."""

    SCOPED_CSS = False  # how large the screen is, a class above says
    DEFAULT_CSS = """
    Panel { min-height: 9; max-height: 13; }
    Panel .left { width: 1fr; height: auto; }
    Panel .right { width: auto; max-width: 50%; height: auto; margin-left: 3; }
    .-short Panel { max-height: 9; }
    .-narrow.-short Panel { min-height: 8; max-height: 8; }
    .-narrow Panel .right, .-normal Panel .far { display: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="panel")
        self._named = ""
        self._facts: tuple[Fact, ...] = ()
        self.display = False

    def compose(self) -> ComposeResult:
        yield Words(classes="left")
        yield Words(classes="right")
        yield Words(classes="right far")

    def show(self, name: str, left: Iterable[Fact], right: Iterable[Cell], far: Iterable[Cell] = ()) -> None:
        """`far` is for wide screens. Paints what differs from what stands there."""
        self.display = True
        if name != self._named:
            self._named = name
            self.border_title = Content(one_line(name) or "?")  # a str would be markup
        self._facts = tuple(left)
        for words, lines in zip(self.query(".right").results(Words), (right, far), strict=False):
            words.say(lines)
        self._tell()

    def hide(self) -> None:
        """There is nothing to say."""
        self.display = False

    def on_resize(self) -> None:
        self._tell()

    def _tell(self) -> None:
        self._wrap()
        self.call_after_refresh(self._wrap)  # what stands beside them may take another width from now on

    def _wrap(self) -> None:
        for words in self.query(".left").results(Words):
            words.say(
                line
                for name, cell in self._facts
                for line in hanging(_label(name), cell, words.size.width or self.size.width)
            )


def _label(name: str) -> tuple[Bit, ...]:
    return ((name.ljust(LABEL), Tone.DIM),) if name else ()
