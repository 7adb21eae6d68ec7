"""The few numbers that say how it goes, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from jobd.dashboard.looks import Bit, Tone
from jobd.dashboard.widgets.words import content

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One number."""

    title: str
    value: Bit
    note: Bit = ("", Tone.DIM)
    """What it is made of; left out where lines are few."""
    screen: str = "runs"
    """Where more of it is told: a click goes there."""


class Box(Static):
    """One card; painted when it is another."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._card: Card | None = None

    def show(self, card: Card) -> None:
        if card != self._card:
            self._card = card
            title, value, note = content((card.title, Tone.HEAD)), content(card.value), content(card.note)
            self.update(Content("\n").join((title, value.stylize("bold"), note)), layout=False)

    def on_click(self) -> None:
        if self._card is not None:
            cast("Dashboard", self.app).go(self._card.screen)


class Cards(Horizontal):
    """All of them in one row, each as wide as the others; as many as the first time for ever."""

    DEFAULT_CSS = """
    Cards { height: 3; }
    Cards Box { width: 1fr; height: 100%; margin-right: 1; padding: 0 1; background: $surface;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def __init__(self, count: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._count = count

    def compose(self) -> ComposeResult:
        for _ in range(self._count):
            yield Box()

    def show(self, cards: Sequence[Card]) -> None:
        """As many cards as there are boxes."""
        for box, card in zip(self.query(Box), cards, strict=True):
            box.show(card)
