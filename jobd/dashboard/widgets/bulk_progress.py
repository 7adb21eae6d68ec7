"""How far a bulk is, until it is done; it goes on when this is closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from jobd.client.asks import bulk
from jobd.dashboard.looks import Eye, Tone
from jobd.dashboard.widgets.words import Words
from jobd.errors import JobdError
from jobd.model.bulk import Bulk

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard

LOOK_SECONDS = 0.5
WIDTH = 40


class BulkProgress(ModalScreen[Bulk]):
    """Closes by itself when it is done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "close", "Close, it goes on"),
        Binding("c", "stop", "Cancel the rest"),
    ]

    def __init__(self, began: Bulk) -> None:
        super().__init__()
        self._bulk = began

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Words(
                [(f"{self._bulk.action.value.capitalize()} {self._bulk.matched:,} runs", Tone.NAME)], classes="title"
            )
            yield Words([(self._bulk.filter, Tone.DIM)])
            yield Words(id="progress")
            yield Words([("Esc closes, it goes on   c cancels the rest", Tone.DIM)])

    def on_mount(self) -> None:
        self._show()
        self.run_worker(self._watch(), exit_on_error=True)

    async def _watch(self) -> None:
        app = cast("Dashboard", self.app)
        while self._bulk.state == "running":
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self._bulk = await app.client.ask(bulk.one(self._bulk.id))
            except JobdError as error:
                self.query_one("#progress", Words).say([(f"no answer: {error}", Tone.BAD)])
                continue
            self._show()
        done = f"bulk {self._bulk.id} is {self._bulk.state}: {self._bulk.changed:,} of {self._bulk.matched:,} changed"
        app.say(f"{done}: {self._bulk.error}" if self._bulk.error else done, bad=self._bulk.state == "failed")
        self.dismiss(self._bulk)

    def _show(self) -> None:
        eye = Eye.open(ascii=cast("Dashboard", self.app).ascii)
        full = round(WIDTH * self._bulk.seen / self._bulk.matched) if self._bulk.matched else WIDTH
        bar = eye.pick("█", "#") * full + eye.pick("░", ".") * (WIDTH - full)
        counted = f" {self._bulk.seen:,}/{self._bulk.matched:,} looked at, {self._bulk.changed:,} changed"
        self.query_one("#progress", Words).say([((bar, Tone.BUSY), (counted, Tone.PLAIN))])

    def action_close(self) -> None:
        self.dismiss(self._bulk)

    async def action_stop(self) -> None:
        try:
            self._bulk = await cast("Dashboard", self.app).client.ask(bulk.stop(self._bulk.id))
        except JobdError as error:
            cast("Dashboard", self.app).say(str(error), bad=True)
