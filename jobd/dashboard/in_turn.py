"""Keys one after the other: each finds the focus where the one before has put it, however quickly they are typed.

Textual hands a key to the widget that has the focus when it comes, and looks for its binding once the widget has let it
pass (8.2): what is typed behind a Tab without a pause would stand in the line that the Tab leaves.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.screen import ModalScreen

LONGEST_SECONDS = 2.0
"""What a key set going may take so long before the next one is handed on all the same: nobody is left without keys."""
ROUNDS = 3
"""In a form a key makes a line say something, of which the form makes something else, which moves the focus."""


class InTurn(App[str]):
    """Hands on a key when everything that the one before it did is done."""

    def __init__(self, *, ansi_color: bool = False) -> None:
        super().__init__(ansi_color=ansi_color)
        self._typed: deque[events.Key] = deque()
        self._handed = asyncio.Event()
        """A key is under way; those that come meanwhile wait."""
        self._until: asyncio.Event | None = None

    def hold_keys(self, until: asyncio.Event) -> None:
        """The next key is for what will be there when this is set."""
        self._until = until

    def on_mount(self) -> None:
        self.run_worker(self._hand_on(), name="keys in turn", exit_on_error=True)

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._handed.is_set():
            self._typed.append(event)
        else:
            self._handed.set()
            await super().on_event(event)

    async def _hand_on(self) -> None:
        while True:
            await self._handed.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_SECONDS):
                    await self._done()
            if self._typed:
                await super().on_event(self._typed.popleft())
            else:
                self._handed.clear()

    async def _done(self) -> None:
        """What the last key set going is over."""
        for _ in range(ROUNDS):
            before = self.screen, self.focused
            await self._passed(self.focused or self.screen)
            if before == (self.screen, self.focused) and not isinstance(self.screen, ModalScreen):
                break
        if self._until is not None:
            until, self._until = self._until, None
            await until.wait()
            await self._done()

    async def _passed(self, first: DOMNode) -> None:
        """Every widget on the way of a key or a message, from the first one up, has seen to what it was told."""
        for node in first.ancestors_with_self:
            passed = asyncio.Event()
            if node.call_later(passed.set):
                await passed.wait()
