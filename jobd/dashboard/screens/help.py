"""What the keys do, here and everywhere, and what the glyphs mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen

from jobd.dashboard.looks import MESSAGES, NODES, RUNS, TOKENS, Cell, Look, Tone
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.facts import Facts
from jobd.dashboard.widgets.reader import Reader
from jobd.dashboard.widgets.words import Words
from jobd.dashboard.words.keys import Key, keys

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard

EVERYWHERE = (
    ("1 … 9 0 , .", "the screens, as named on top"),
    ("Failed 12", "12 runs failed in the last hour"),
    ("2% of 57%", "worker time a queue had, of its share"),
    ("█░░│░", "the same as a bar; │ is its share"),
    ("Enter", "open what is chosen"),
    ("Esc", "back; take filter or search away"),
    ("↑ ↓ j k", "move; PgUp PgDn by a page"),
    ("g G", "first, last"),
    ("Space", "mark, where many can be changed"),
    ("F5", "ask the daemon again, now"),
    ("z", "freeze what is shown; again: go on"),
    ("T", "other colours"),
    ("C", "copy the last change as a command"),
    (": Ctrl-P", "commands by name"),
    ("q", "quit; the daemon goes on"),
)
ASCII = str.maketrans({"↑": "Up", "↓": "Down", "…": "...", "█": "#", "░": ".", "│": "|"})


class Help(ModalScreen[None]):
    """Any of these keys closes it: Esc, ?, q, Enter."""

    CSS = """
    Help { align: center middle; background: $background 60%; }
    Help .dialog { width: 66; padding: 0 1; }
    Help Reader { height: auto; max-height: 74vh; }
    Help Horizontal { height: auto; layout: vertical; }
    Help .glyphs { margin-top: 1; }
    Help.-wide .dialog { width: 106; padding: 1 2; }
    Help.-wide Horizontal { layout: horizontal; }
    Help.-wide .keys { width: 1fr; }
    Help.-wide .glyphs { width: 18; margin: 0 0 0 2; }
    """
    HORIZONTAL_BREAKPOINTS = Page.HORIZONTAL_BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,enter", "dismiss", "Close")]

    def __init__(self, page: Page | None) -> None:
        super().__init__()
        self._noun = page.NOUN if page is not None else ""
        self._keys: Sequence[Key] = keys(page) if page is not None else ()

    def compose(self) -> ComposeResult:
        runs = list(self._glyphs("Runs", RUNS))
        noted = (("Nodes", NODES), ("Messages", MESSAGES), ("Tokens", TOKENS))
        others = [line for title, looks in noted for line in (*self._glyphs(title, looks), "")][:-1]
        with Vertical(classes="dialog"):
            with Reader(), Horizontal():
                yield Facts(self._lines(), classes="keys")
                yield Words(runs, classes="glyphs")
                yield Words(others, classes="glyphs")
            yield Words([("j k move the text, Esc closes it", Tone.DIM)])

    @property
    def _ascii(self) -> bool:
        return cast("Dashboard", self.app).ascii

    def _lines(self) -> Iterator[Cell]:
        if self._keys:
            yield f"Keys of {self._noun}", Tone.NAME
            yield from (_line(key.shown, key.description) for key in self._keys)
            yield ""
        yield "Everywhere", Tone.NAME
        table = ASCII if self._ascii else {}
        yield from (_line(key.translate(table), text.translate(table)) for key, text in EVERYWHERE)

    def _glyphs(self, title: str, looks: Mapping[str, Look]) -> Iterator[Cell]:
        yield title, Tone.NAME
        for name, look in looks.items():
            glyph = look.ascii if self._ascii else look.glyph
            yield (f"{glyph} ", look.tone), (name.replace("_", " "), Tone.PLAIN)


def _line(key: str, text: str) -> Cell:
    return (f" {key:<12} ", Tone.BUSY), (text, Tone.PLAIN)
