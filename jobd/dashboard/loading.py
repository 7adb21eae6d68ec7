"""A screen that asks the daemon for what it shows, again and again, and says so when it gets no answer.

It loads while it is looked at, at most once in its pace unless somebody asked for it, and keeps what it has when that
fails: what is shown then is not what was asked for, so that nobody may change it unawares.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, cast

from textual.css.query import NoMatches
from textual.screen import Screen

from jobd.dashboard.widgets.trouble import Trouble
from jobd.errors import JobdError

if TYPE_CHECKING:
    from jobd.client.client import Client
    from jobd.dashboard.app import Dashboard

ANYWAY_SECONDS = 5.0
"""What no event tells: ages in the database, other people's pauses behind a lost event."""


class Loading(Screen[None]):
    """`keep_up` is to be run while it lives."""

    PACE_SECONDS: ClassVar[float] = 1.0
    """What happens all the time makes it load once in this time."""

    def __init__(self) -> None:
        super().__init__()
        self.loads = 0
        """How often it has loaded: tests wait for it."""
        self.refused: str | None = None
        """Why the latest load failed; None when it did not."""
        self._old = asyncio.Event()
        self._at_once = asyncio.Event()

    async def load(self) -> None:
        """Ask the daemon and show the answer; may raise JobdError, then what is shown stays."""

    @property
    def dash(self) -> Dashboard:
        return cast("Dashboard", self.app)

    @property
    def client(self) -> Client:
        return self.dash.client

    @property
    def in_sight(self) -> bool:
        """True when somebody looks at it; what lies under another screen is painted for nobody."""
        return self.is_active

    @property
    def whole(self) -> bool:
        """Its widgets are there: it has been composed, and is not being closed."""
        return self.is_mounted and self.is_attached and not self._pruning

    def old(self, *, at_once: bool = False) -> None:
        """What is shown is not the latest any more; `at_once` when somebody waits for it."""
        self._old.set()
        if at_once:
            self._at_once.set()

    def missed(self, error: JobdError | None) -> None:
        """It was not loaded, or not all of it, and that is said; None: it was."""
        self.refused = None if error is None else str(error) or type(error).__name__
        if error is not None:
            self.dash.missed(error)
        self.look_stale()

    def look_stale(self) -> bool:
        """Whether what it shows is not what there is: then it is grey, and a line above it says why."""
        stale = self.refused is not None or self.dash.snapshot.stale
        self.set_class(stale, "-stale")
        for line in self.query(Trouble):
            line.look()
        return stale

    async def keep_up(self) -> None:
        """Load whenever what is shown is old, for ever."""
        while True:
            try:
                async with asyncio.timeout(ANYWAY_SECONDS):
                    await self._old.wait()
            except TimeoutError:
                pass
            if not self.in_sight or (self.dash.frozen and not self._at_once.is_set()):
                self._old.clear()
                await self._old.wait()
                continue
            self._old.clear()
            self._at_once.clear()
            await self.dash.connected.wait()
            await self._load()
            try:
                async with asyncio.timeout(self.PACE_SECONDS):
                    await self._at_once.wait()
            except TimeoutError:
                continue

    async def _load(self) -> None:
        try:
            await self.load()
        except JobdError as error:
            self.missed(error)
        except NoMatches:
            if self.whole:
                raise
            return  # it is being closed, and its widgets went before it did
        else:
            self.missed(None)
        self.loads += 1
        self.dash.announce()
