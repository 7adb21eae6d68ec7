"""A new token: its name, what it may, and how long it lasts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from jobd.dashboard.changes import tokens
from jobd.dashboard.changes.arguments import Line
from jobd.dashboard.changes.deed import Deed
from jobd.dashboard.lists.tokens import ROLES
from jobd.dashboard.looks import Cell, Tone
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.field import Field
from jobd.dashboard.widgets.tabs import Choices
from jobd.dashboard.widgets.words import Words
from jobd.model.duration import parse_duration
from jobd.model.token import MadeToken

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard

FOREVER = "until it is revoked"


class RoleChoice(Choices, can_focus=True):
    """One of the roles, the least to begin with."""

    DEFAULT_CSS = """
    RoleChoice { width: 27; padding: 0; margin: 0; }
    RoleChoice:focus { background: $primary 25%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "step(-1)", "Less"),
        Binding("right,l,space", "step(1)", "More"),
        Binding("enter", "screen.go", "Make it"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(tuple(ROLES), id=id)

    def action_step(self, by: int) -> None:
        self.step(by)


class NewToken(ModalScreen[MadeToken | None]):
    """The new token with its text; None when it was left."""

    CSS = """
    NewToken .dialog { width: 76; }
    NewToken .dialog Input { margin: 0; }
    NewToken Field > Words, NewToken .label { width: 8; height: 1; padding: 0; }
    NewToken #role-line { height: 1; margin-top: 1; }
    NewToken #may, NewToken #until { margin-left: 8; }
    NewToken #lasts, NewToken #wrong, NewToken #line { margin-top: 1; }
    NewToken.-short .dialog { padding: 0 1; max-height: 100%; }
    NewToken.-short .title, NewToken.-short .buttons { margin: 0; }
    NewToken.-short #wrong { margin: 0; }
    """
    VERTICAL_BREAKPOINTS = Page.VERTICAL_BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("ctrl+s", "go", "Make it"),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Words([(("New token", Tone.NAME), ("   Enter or Ctrl-S makes it", Tone.DIM))], classes="title")
            yield Field(Line("name", "", "who or what comes in with it: grafana, deploy"), id="name")
            with Horizontal(id="role-line"):
                yield Words([("role", Tone.NAME)], classes="label")
                yield RoleChoice(id="role")
                yield Words([("arrows choose", Tone.DIM)])
            yield Words(id="may")
            yield Field(Line("lasts", "", f"{FOREVER}; or 90d, 12h, 1h30m"), id="lasts")
            yield Words(id="until")
            wrong = Words(id="wrong")
            wrong.display = False
            yield wrong
            yield Words(id="line")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Make it", id="go", variant="primary", compact=True)

    def on_mount(self) -> None:
        self.query_one("#name Input").focus()
        self._look()

    @property
    def _dash(self) -> Dashboard:
        return cast("Dashboard", self.app)

    @property
    def _role(self) -> str:
        return self.query_one(RoleChoice).chosen

    @on(Input.Changed)
    @on(Choices.Chosen)
    def _look(self) -> None:
        """What it may and until when, in words, and the same as a command."""
        self._complain("")
        self.query_one("#may", Words).say([ROLES[self._role][0]])
        self.query_one("#until", Words).say([_until(self._typed("lasts"))])
        try:
            line = f"$ {self._deed().command}"
        except ValueError:
            line = ""
        self.query_one("#line", Words).say([(line, Tone.DIM)])

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted)
    @on(Button.Pressed, "#go")
    def action_go(self) -> None:
        """Make it; what cannot be is said here, and nothing typed is lost."""
        try:
            deed = self._deed()
        except ValueError as error:
            self._complain(str(error))
            return
        self._complain("")
        self.run_worker(self._make(deed), group="deeds", exclusive=True)

    def _typed(self, name: str) -> str:
        return self.query_one(f"#{name}", Field).value.strip()

    def _deed(self) -> Deed:
        return tokens.add(self._typed("name"), self._role, self._typed("lasts") or None)

    async def _make(self, deed: Deed) -> None:
        answer = await self._dash.carry_out(deed, lambda error: self._complain(str(error)))
        if answer is not None and self.is_attached:
            self.dismiss(answer.value)

    def _complain(self, text: str) -> None:
        """Say what is wrong; the line that it begins with is marked, and has the keys."""
        words = self.query_one("#wrong", Words)
        words.display = bool(text)
        words.say([(text, Tone.BAD)])
        for field in self.query(Field):
            wrong = text.startswith(f"{field.line.name}:")
            field.set_class(wrong, "-wrong")
            if wrong:
                field.query_one(Input).focus()
        self._dash.announce()


def _until(lasts: str) -> Cell:
    """When a token ends that is made now."""
    if not lasts:
        return FOREVER, Tone.DIM
    try:
        return f"until {datetime.now(UTC) + parse_duration(lasts):%a %d %b %Y %H:%M} UTC", Tone.PLAIN
    except ValueError:
        return "write it like 90d, 12h or 1h30m", Tone.WARN
