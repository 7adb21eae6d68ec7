"""One message whole: what became of it, its headers, and its bodies as text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from jobd.client.asks import outbox
from jobd.dashboard.changes import deeds
from jobd.dashboard.lists.messages import fits, story, told
from jobd.dashboard.live.snapshot import Snapshot
from jobd.dashboard.looks import Tone
from jobd.dashboard.page import Page
from jobd.dashboard.screens.outbox import mail_notices
from jobd.dashboard.widgets.facts import Facts
from jobd.dashboard.widgets.reader import Block, Reader
from jobd.dashboard.widgets.words import Words
from jobd.dashboard.words.facts import facts
from jobd.dashboard.words.plain_html import plain
from jobd.errors import NotFound
from jobd.model.mailbox import MessageReport
from jobd.model.roles import Role


class OneMessage(Page):
    """Lies over the list from which it was opened."""

    NOUN = "message"
    LISTENS = frozenset({"change"})
    ACTS: ClassVar[dict[str, Role]] = dict.fromkeys(("resend", "hold", "release"), Role.OPERATOR)
    AUTO_FOCUS = "Reader"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "resend", "Resend"),
        Binding("h", "hold", "Hold"),
        Binding("l", "release", "Release"),
        Binding("o", "open_run", "Open its run"),
        Binding("v", "source", "HTML as text or source", show=False),
        Binding("y", "copy_id", "Copy id", show=False),
        Binding("Y", "copy_json", "Copy JSON", show=False),
        Binding("escape", "back", "Back"),
    ]

    def __init__(self, message_id: int) -> None:
        super().__init__()
        self.message_id = message_id
        self.message: MessageReport | None = None
        """None until the daemon has answered."""
        self._gone = ""
        self._source = False

    def body(self) -> Iterable[Widget]:
        yield Reader(
            Words([(f"Message {self.message_id} …", Tone.DIM)], id="head", classes="facts"),
            Facts(id="facts", classes="panel"),
            Block(id="text", classes="panel"),
            Block(id="html", classes="panel"),
        )

    def on_mount(self) -> None:
        for child in self.query("Reader > .panel"):
            child.display = False
        self.query_one("#facts").border_title = "Message"
        self.query_one("#text").border_title = "Text"
        super().on_mount()

    async def load(self) -> None:
        try:
            self.message, self._gone = await self.client.ask(outbox.one(self.message_id)), ""
        except NotFound as error:
            self._gone = str(error)
        self._tell()

    def changed(self, snapshot: Snapshot) -> None:
        self._tell()

    def tick(self) -> None:
        self._tell()

    def _tell(self) -> None:
        message, eye = self.message, self.eye
        head = self.query_one("#head", Words)
        if message is None:
            if self._gone:
                head.say([(self._gone, Tone.WARN), ("Esc goes back", Tone.DIM)])
            return
        gone = [(f"{self._gone}; what is shown was the last of it", Tone.WARN)] if self._gone else []
        notices = [(text, Tone.WARN) for text in mail_notices(self.dash.snapshot.status)]
        head.say([*gone, (("Message ", Tone.NAME), (f"{message.id}  ", Tone.NAME), *story(message, eye)), *notices])
        words = self.query_one("#facts", Words)
        words.display = True
        words.say(facts(told(message, eye)))
        self._show("text", message.text)
        self._show("html", message.html if self._source or message.html is None else plain(message.html))
        self.query_one("#html").border_title = "HTML, its source" if self._source else "HTML as text (v: its source)"

    def _show(self, name: str, text: str | None) -> None:
        block = self.query_one(f"#{name}", Block)
        block.display = text is not None
        if text is not None:
            block.tell(text.strip("\r\n").replace("\r\n", "\n") or "(empty)")

    # --- keys ---

    def action_source(self) -> None:
        self._source = not self._source
        self._tell()

    def action_resend(self) -> None:
        self._change("resend")

    def action_hold(self) -> None:
        self._change("hold")

    def action_release(self) -> None:
        self._change("release")

    def _change(self, wish: str) -> None:
        if self.message is None:
            return
        if fits(wish, self.message):
            self.do(deeds.messages(wish, [self.message_id]))
        else:
            self.dash.say(f"message {self.message_id} is {self.message.state}: in no state for {wish}", bad=True)

    def action_open_run(self) -> None:
        from jobd.dashboard.screens.run import RunPage

        if self.message is not None and self.message.run_id is not None:
            self.app.push_screen(RunPage(self.message.run_id))

    def action_copy_id(self) -> None:
        self.copy(str(self.message_id), f"id {self.message_id}")

    def action_copy_json(self) -> None:
        if self.message is not None:
            text = json.dumps(asdict(self.message), default=str, ensure_ascii=False, indent=2)
            self.copy(text, f"message {self.message_id} as JSON")
