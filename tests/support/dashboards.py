"""The dashboard under a Pilot, against a real daemon: keys go in, the text of the screen comes out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from jobd.dashboard.app import Dashboard
from jobd.dashboard.live.link import Link
from jobd.dashboard.page import Page

LOOK_SECONDS = 0.1
"""What the screen shows by itself (a dialog, a cursor) is announced by nobody, so it is looked at again."""


class Eyes:
    """Somebody in front of the dashboard."""

    def __init__(self, app: Dashboard, pilot: Pilot[Any]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def text(self) -> str:
        """What stands on the screen, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    @property
    def flat(self) -> str:
        """The same as one line, without frames and however it was wrapped."""
        return re.sub(r"[\s│╭╮╰╯─▌▊▎█]+", " ", self.text)

    @property
    def told(self) -> str:
        """What stands at the edge of the screen for some seconds, whole: there it is wrapped between other things."""
        return "\n".join(notification.message for notification in self.app._notifications)

    @property
    def page(self) -> Page:
        page = self.app.screen_stack[-1] if isinstance(self.app.screen_stack[-1], Page) else self.app.screen_stack[0]
        assert isinstance(page, Page)
        return page

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Into whatever has the focus."""
        await self.press(*("space" if character == " " else character for character in text))

    async def until(self, wanted: str | Callable[[], bool], *, seconds: float = 15.0) -> None:
        """Until a text stands on the screen, or something holds; fails with the screen when it does not come."""

        def holds() -> bool:
            if isinstance(wanted, str):
                return any(wanted in text for text in (self.text, self.flat, self.told))
            return bool(wanted())

        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    self.app.announced.clear()
                    await self.pilot.pause()
                    if holds():
                        return
                    await self._news()
        except TimeoutError:
            raise AssertionError(f"not seen within {seconds:g} s: {wanted}\n{self.text}") from None

    async def until_gone(self, text: str) -> None:
        await self.until(lambda: text not in self.text)

    async def loaded(self) -> None:
        """Until the screen in front has loaded once more."""
        page, before = self.page, self.page.loads
        page.old(at_once=True)
        await self.until(lambda: page.loads > before)

    async def _news(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self.app.announced.wait()
        except TimeoutError:
            return


@asynccontextmanager
async def looking(
    at: Path | Link, *, screen: str = "home", size: tuple[int, int] = (120, 40), ascii: bool = False
) -> AsyncIterator[Eyes]:
    """The dashboard at a daemon's socket, once it has heard from it."""
    link = at if isinstance(at, Link) else Link(socket=str(at))
    app = Dashboard(link, start=screen, ascii=ascii)
    async with app.run_test(size=size, notifications=True) as pilot:
        eyes = Eyes(app, pilot)
        if link.socket is not None and Path(link.socket).exists():  # before that nobody has keys for changes
            await eyes.until(lambda: app.snapshot.me is not None or app.snapshot.trouble is not None)
        yield eyes
