"""The text of a new token, for the one time that anybody sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from jobd.dashboard.looks import Tone
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.words import Words
from jobd.model.token import MadeToken

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard

USE = "jobctl finds it in JOBD_TOKEN, jobctl web asks for it at its login, the API takes it as a bearer token."


class TokenText(ModalScreen[None]):
    """Copy has the first Enter, so that one too many does not close it; where there is little room, words at the edge
    do not hide it."""

    CSS = """
    TokenText .dialog { width: 76; }
    TokenText #text { margin: 1 0; }
    TokenText.-short { align: center top; }
    TokenText.-short .dialog { padding: 0 1; }
    TokenText.-short .title, TokenText.-short .buttons { margin: 0; }
    """
    VERTICAL_BREAKPOINTS = Page.VERTICAL_BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close"),
        Binding("y", "copy", "Copy"),
        Binding("left,right,h,l", "app.focus_next", "Other button", show=False),
    ]

    def __init__(self, made: MadeToken) -> None:
        super().__init__()
        self._made = made

    def compose(self) -> ComposeResult:
        made = self._made
        with Vertical(classes="dialog"):
            yield Words([((f"Token {made.name}", Tone.NAME), (f"   {made.role}", Tone.DIM))], classes="title")
            yield Words([("Shown this once: only a hash of it is kept. Copy it before you close.", Tone.WARN)])
            yield Words([(made.token, Tone.NAME)], id="text")
            yield Words([(USE, Tone.DIM)])
            with Horizontal(classes="buttons"):
                yield Button("Copy (y)", id="copy", variant="primary", compact=True)
                yield Button("Close", id="close", compact=True)

    def on_mount(self) -> None:
        self.query_one("#copy").focus()

    @on(Button.Pressed, "#close")
    def _shut(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        """Into the clipboard of the terminal; the next Enter closes."""
        dash = cast("Dashboard", self.app)
        dash.copy_to_clipboard(self._made.token)
        dash.say("copied the new token (where the terminal lets programs set the clipboard)")
        self.query_one("#close").focus()
