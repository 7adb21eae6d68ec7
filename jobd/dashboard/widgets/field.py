"""One line of a form: a name, and what is typed for it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from jobd.dashboard.changes.arguments import Line
from jobd.dashboard.looks import Tone
from jobd.dashboard.widgets.typed import Typed
from jobd.dashboard.widgets.words import Words
from jobd.model.display import display_safe


class Field(Horizontal):
    """A name and the line to type in."""

    DEFAULT_CSS = """
    Field { height: 1; }
    Field > Words { width: 26; height: 1; padding-right: 1; text-overflow: ellipsis; text-wrap: nowrap; }
    Field > Input, JobList Input { width: 1fr; background: $background; }
    Field > Input:focus, JobList Input:focus { background: $primary 25%; }
    Field.-wrong > Words { background: $error 40%; }
    """

    def __init__(self, shown: Line, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.line = shown

    def compose(self) -> ComposeResult:
        yield Words([((self.line.name or "arguments", Tone.NAME), (f" {self.line.type}", Tone.DIM))])
        yield Typed(self.line.text, placeholder=display_safe(self.line.hint, limit=200), compact=True)

    @property
    def value(self) -> str:
        return self.query_one(Input).value
