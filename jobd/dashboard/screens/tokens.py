"""Tokens: who may come over TCP or in a browser, as what and until when; made and revoked here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget

from jobd.client import NotPermitted
from jobd.client.asks import audit, tokens
from jobd.dashboard.changes import tokens as deeds
from jobd.dashboard.lists.tokens import Line, columns, lines, searched, standing, whole
from jobd.dashboard.live.snapshot import Snapshot
from jobd.dashboard.looks import Tone
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.details import Details
from jobd.dashboard.widgets.narrow import Narrow
from jobd.dashboard.widgets.new_token import NewToken
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.token_text import TokenText
from jobd.dashboard.widgets.words import Words
from jobd.model.change import AuditEntry
from jobd.model.roles import Role
from jobd.model.token import TokenReport

NONE = (
    "no token yet: with one a program (the API on TCP) or a person (jobctl web) comes in without an account on this "
    "machine, and may what its role may; n makes one"
)
JOURNAL = 1000
"""Entries about tokens that are looked through for who made them."""


class TokensPage(Page):
    """For admins: others are told so."""

    NOUN = "tokens"
    LISTENS = frozenset({"change"})
    ACTS: ClassVar[dict[str, Role]] = dict.fromkeys(("new", "revoke", "filter", "copy_name"), Role.ADMIN)
    CSS = """
    TokensPage #refusal { padding: 1 2; display: none; }
    TokensPage.-refused #refusal { display: block; }
    TokensPage.-refused #allowed { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New token"),
        Binding("x", "revoke", "Revoke"),
        Binding("slash,f", "filter", "Filter", key_display="/"),
        Binding("y", "copy_name", "Copy name"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._tokens: Sequence[TokenReport] | None = None
        """None before it has loaded, and where one may not."""
        self._journal: Sequence[AuditEntry] = ()
        self._new: str | None = None
        """The token that was made last, until it is chosen in the list."""

    def body(self) -> Iterable[Widget]:
        yield Words(id="refusal")
        with Vertical(id="allowed"):
            yield Narrow("admin expired …: every word is in the name, the role, the state or who made it")
            yield Table(columns(()), key=lambda line: line.name, id="tokens")

    @property
    def table(self) -> Table[Line]:
        return self.query_one("#tokens", Table)

    # --- what it shows ---

    async def load(self) -> None:
        if self._barred:
            return
        try:
            found = await self.client.ask(tokens.listed())
        except NotPermitted as refused:
            if self._tokens is not None:
                raise  # the token of whoever looks is not valid any more: what was seen stays
            self._refuse(str(refused))
            return
        if found != self._tokens:  # who it was, only then: the journal may be long
            self._journal = (await self.client.ask(audit.page(JOURNAL, action="token.*"))).entries
            self._tokens = found
            self.table.set_columns(columns(token.name for token in found))
        self.remove_class("-refused")
        self._list()

    @property
    def _barred(self) -> bool:
        me = self.dash.snapshot.me
        return me is not None and not me.may(Role.ADMIN)

    def changed(self, snapshot: Snapshot) -> None:
        if self._barred:
            self._tokens = None
            self._refuse("")

    def _refuse(self, why: str) -> None:
        """There is nothing to see for this person."""
        me = self.dash.snapshot.me
        self.add_class("-refused")
        self.query_one("#refusal", Words).say(
            [
                ("Tokens need the role admin", Tone.NAME),
                *([f"You are {me.name}, and your role is {me.role}."] if me else []),
                *([(why, Tone.DIM)] if why else []),
                "",
                ("An admin gives it: [control.users] in jobd.toml, or a token of that role.", Tone.DIM),
            ]
        )

    def _list(self) -> None:
        eye, words = self.eye, self.query_one(Narrow).words
        found = lines(self._tokens or (), self._journal, eye.now)
        shown = [line for line in found if all(word in searched(line, eye) for word in words)]
        self.table.show(shown, empty="no token is found; Esc takes the filter away" if found else NONE)
        if (at := next((at for at, line in enumerate(shown) if line.name == self._new), None)) is not None:
            self._new = None
            self.table.choose(at)

    # --- keys ---

    @on(Narrow.Narrowed)
    def _narrowed(self) -> None:
        self._list()

    @on(Narrow.Left)
    def _left(self) -> None:
        self.table.focus()

    @on(Table.Opened)
    def _open(self, event: Table.Opened[Line]) -> None:
        self.app.push_screen(Details(f"Token {event.row.name}", whole(event.row, self.eye)))

    def action_filter(self) -> None:
        self.query_one(Narrow).open()

    def action_back(self) -> None:
        if self.query_one(Narrow).value:
            self.query_one(Narrow).clear_away()
        else:
            super().action_back()

    def action_new(self) -> None:
        self.run_worker(self._make(), group="deeds", exit_on_error=True)

    async def _make(self) -> None:
        made = await self.app.push_screen_wait(NewToken())
        if made is not None:
            self._new = made.name
            self.old(at_once=True)
            await self.app.push_screen_wait(TokenText(made))

    def action_revoke(self) -> None:
        line, me = self.table.row, self.dash.snapshot.me
        if line is None:
            return
        if standing(line.token, self.eye.now) == "revoked":
            self.dash.say(f"token {line.name} is revoked already", bad=True)
        else:
            self.do(deeds.revoke(line.name, own=me is not None and me.name == f"token:{line.name}"))

    def action_copy_name(self) -> None:
        if (line := self.table.row) is not None:
            self.copy(line.name, f"name {line.name}")
