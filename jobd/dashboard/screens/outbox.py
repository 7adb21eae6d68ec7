"""Outbox: mail that waits, that was held or doubted, and what became of the rest; newest first."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from jobd.client.asks import outbox
from jobd.dashboard.changes import deeds
from jobd.dashboard.endless import Endless
from jobd.dashboard.lists.messages import COLUMNS, fits
from jobd.dashboard.lists.pages import SIZE, Pages, Part
from jobd.dashboard.live.snapshot import Snapshot
from jobd.dashboard.looks import Tone
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.tabs import Choices
from jobd.dashboard.widgets.words import Words
from jobd.model.mailbox import MessageReport
from jobd.model.message import MessageState
from jobd.model.roles import Role
from jobd.model.status import Status

STATES = {
    "all": None,
    "pending": MessageState.PENDING,
    "sending": MessageState.SENDING,
    "deferred": MessageState.DEFERRED,
    "in doubt": MessageState.IN_DOUBT,
    "held": MessageState.HELD,
    "sent": MessageState.SENT,
    "bounced": MessageState.BOUNCED,
    "dead": MessageState.DEAD,
}
NOTHING = {
    "all": "no mail yet: jobs add messages with ctx.mail, they are sent once the run's changes are committed",
    "pending": "nothing waits to be sent",
    "sending": "nothing is in a node's hand",
    "deferred": "nothing was refused for now",
    "in doubt": "no answer was lost",
    "held": "nothing waits for a person",
    "sent": "nothing was sent, or it is older than mail is kept ([keep] mail)",
    "bounced": "nothing was refused for good",
    "dead": "nothing was given up",
}


class Outbox(Endless[MessageReport]):
    """States with their counts, and the messages of one of them."""

    NOUN = "messages"
    LISTENS = frozenset({"run.ended", "change"})
    ACTS: ClassVar[dict[str, Role]] = dict.fromkeys(("resend", "hold", "release"), Role.OPERATOR)
    DEFAULT_CSS = """
    Outbox #notice { height: auto; padding: 0 1; display: none; }
    Outbox #notice.-there { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "tab(-1)", "State before", show=False),
        Binding("right_square_bracket,tab", "tab(1)", "Next state", key_display="Tab"),
        Binding("R", "resend", "Resend"),
        Binding("h", "hold", "Hold"),
        Binding("l", "release", "Release"),
        Binding("o", "open_run", "Open its run", show=False),
        Binding("y", "copy_id", "Copy id", show=False),
        Binding("Y", "copy_json", "Copy JSON", show=False),
    ]

    def body(self) -> Iterable[Widget]:
        yield Choices(tuple(STATES), id="states")
        yield Words(id="notice")
        yield Table(COLUMNS, key=lambda message: message.id, markable=True, id="messages")

    @property
    def table(self) -> Table[MessageReport]:
        return self.query_one("#messages", Table)

    @property
    def chosen(self) -> str:
        """The state that is shown."""
        return self.query_one(Choices).chosen

    async def load(self) -> None:
        wanted = self.chosen
        await self.show_first(wanted, lambda after: self._fetch(wanted, after))

    async def _fetch(self, wanted: str, after: str | None) -> Part[MessageReport]:
        found = await self.client.ask(outbox.page(STATES[wanted], SIZE, after))
        self.query_one(Choices).tell(
            {name: str(found.counts[state]) for name, state in STATES.items() if state and found.counts[state].count}
        )
        return Part(found.messages, found.next)

    def nothing(self, pages: Pages[MessageReport]) -> str:
        return NOTHING[self.chosen]

    def changed(self, snapshot: Snapshot) -> None:
        notices = mail_notices(snapshot.status)
        words = self.query_one("#notice", Words)
        words.set_class(bool(notices), "-there")
        words.say([((f"{self.eye.pick('⊘', '/')} ", Tone.WARN), (text, Tone.WARN)) for text in notices])

    # --- choosing ---

    @on(Choices.Chosen)
    def _other_state(self) -> None:
        self.table.unmark()
        self.old(at_once=True)

    @on(Table.Opened)
    def _open(self, event: Table.Opened[MessageReport]) -> None:
        from jobd.dashboard.screens.message import OneMessage

        self.app.push_screen(OneMessage(event.row.id))

    def action_tab(self, by: int) -> None:
        self.query_one(Choices).step(by)

    def action_open_run(self) -> None:
        from jobd.dashboard.screens.run import RunPage

        message = self.table.row
        if message is not None and message.run_id is not None:
            self.app.push_screen(RunPage(message.run_id))

    def action_back(self) -> None:
        if self.table.some_marked:
            self.table.unmark()
        else:
            super().action_back()

    # --- changes ---

    def action_resend(self) -> None:
        self._change("resend")

    def action_hold(self) -> None:
        self._change("hold")

    def action_release(self) -> None:
        self._change("release")

    def _change(self, wish: str) -> None:
        """Of the marked messages that are in a state for it, or of the chosen one."""
        row = self.table.row
        if row is not None and not self.table.some_marked and not self.dash.meant(self.table, f"message {row.id}"):
            return
        several = self.table.marked or (() if row is None else (row,))
        ids = [message.id for message in several if fits(wish, message)]
        if ids:
            self.do(deeds.messages(wish, ids), after=lambda _: self.table.unmark())
        elif several:
            what = f"message {several[0].id} is {several[0].state}" if len(several) == 1 else "all that are marked"
            self.dash.say(f"{what}: in no state for {wish}", bad=True)

    # --- copying ---

    def action_copy_id(self) -> None:
        if (message := self.table.row) is not None:
            self.copy(str(message.id), f"id {message.id}")

    def action_copy_json(self) -> None:
        if (message := self.table.row) is not None:
            text = json.dumps(asdict(message), default=str, ensure_ascii=False, indent=2)
            self.copy(text, f"message {message.id} as JSON")


def mail_notices(status: Status | None) -> list[str]:
    """What the daemon has to say about mail: that it is disabled."""
    return [notice.message for notice in status.health.notices if notice.code.startswith("mail")] if status else []
