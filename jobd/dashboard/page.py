"""What every screen is: a body between the bar above and the keys below, which keeps itself up to date.

A screen says what it shows (`body`), how it gets it (`load`) and what happens make it old (`LISTENS`). It loads while
it is looked at, at most once a second unless somebody asked for it, and keeps what it has when that fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widget import Widget

from jobd.dashboard.changes.deed import Deed
from jobd.dashboard.live.news import News
from jobd.dashboard.looks import Eye
from jobd.dashboard.widgets.bar import Bar
from jobd.dashboard.widgets.keys import Keys
from jobd.dashboard.widgets.said import Said
from jobd.dashboard.widgets.screens import Screens
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.trouble import Trouble
from jobd.errors import JobdError
from jobd.model.roles import Role

if TYPE_CHECKING:
    from jobd.client.client import Client
    from jobd.dashboard.app import Dashboard
    from jobd.dashboard.live.snapshot import Snapshot

ANYWAY_SECONDS = 5.0
"""What no event tells: ages in the database, other people's pauses behind a lost event."""


class Page(Screen[None]):
    """One screen of the dashboard."""

    NOUN: ClassVar[str] = ""
    LISTENS: ClassVar[frozenset[str]] = frozenset()
    """Kinds of events that make it load again."""
    ACTS: ClassVar[dict[str, Role]] = {}
    """Actions that change something → the role that they need; they have no key for others."""
    PACE_SECONDS: ClassVar[float] = 1.0
    """What happens all the time makes it load once in this time."""
    AUTO_FOCUS = "Table"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("f5", "reload", "Reload", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-narrow"),
        (80, "-normal"),
        (120, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-short"),
        (30, "-tall"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.loads = 0
        """How often it has loaded: tests wait for it."""
        self.refused: str | None = None
        """Why the latest load failed; None when it did not."""
        self.loaded_at: datetime | None = None
        self._role: Role | None = None
        self._old = asyncio.Event()
        self._at_once = asyncio.Event()

    # --- what a screen fills in ---

    def body(self) -> Iterable[Widget]:
        """The widgets between the bars."""
        return ()

    async def load(self) -> None:
        """Ask the daemon and show the answer; may raise JobdError, then what is shown stays."""

    def heard(self, news: News) -> None:
        """Something happened that can be shown without asking."""

    def changed(self, snapshot: Snapshot) -> None:
        """The status is a newer one, or the daemon was lost or found."""

    def tick(self) -> None:
        """A second has passed."""
        for table in self.query(Table):
            table.look_again()

    # --- what it can use ---

    @property
    def dash(self) -> Dashboard:
        return cast("Dashboard", self.app)

    @property
    def client(self) -> Client:
        return self.dash.client

    @property
    def eye(self) -> Eye:
        """How is looked now."""
        return Eye.open(ascii=self.dash.ascii)

    @property
    def in_sight(self) -> bool:
        """True in front and behind a dialog; what lies under another page is painted for nobody."""
        return self.is_active or (self.is_current and not isinstance(self.app.screen, Page))

    @property
    def whole(self) -> bool:
        """Its widgets are there: it has been composed, and is not being closed."""
        return self.is_mounted and self.is_attached and not self._pruning

    def old(self, *, at_once: bool = False) -> None:
        """What is shown is not the latest any more; `at_once` when somebody waits for it."""
        self._old.set()
        if at_once:
            self._at_once.set()

    def do(self, deed: Deed | None, after: Callable[[Any], None] | None = None) -> None:
        """Carry it out, asking first where that is due; then load again. None: there is nothing to do it to."""
        if deed is not None:
            self.run_worker(self._do(deed, after), group="deeds", exit_on_error=True)

    async def _do(self, deed: Deed, after: Callable[[Any], None] | None) -> None:
        answer = await self.dash.carry_out(deed)
        if answer is not None:
            self.old(at_once=True)
            if after is not None:
                after(answer.value)

    def copy(self, text: str, what: str) -> None:
        """Into the clipboard of the terminal, with a word that it was done."""
        self.app.copy_to_clipboard(text)
        self.dash.say(f"copied {what} (where the terminal lets programs set the clipboard)")

    # --- its life ---

    def compose(self) -> ComposeResult:
        yield Bar()
        yield Screens()
        yield Trouble()
        yield from self.body()
        yield Said()
        yield Keys()

    def on_mount(self) -> None:
        self.run_worker(self._keep_up(), name=f"load {self.NOUN}", exit_on_error=True)
        self.set_interval(1.0, self._tick)

    def on_screen_resume(self) -> None:
        self.seen()
        self.old(at_once=True)

    def seen(self) -> None:
        """The app has a new snapshot."""
        if not self.whole:
            return  # it is not composed yet, and looks when it is, or it is being closed
        self.set_class(self.dash.snapshot.stale, "-stale")
        for bar in (*self.query(Bar), *self.query(Screens), *self.query(Trouble)):
            bar.look()
        if self.dash.snapshot.role is not self._role:
            self._role = self.dash.snapshot.role
            self.refresh_bindings()  # draws the line of keys anew
        self.changed(self.dash.snapshot)

    def on_news(self, news: News) -> None:
        if news.about(*self.LISTENS):
            self.old()
        self.heard(news)

    def _tick(self) -> None:
        if self.in_sight and not self.dash.frozen:
            self.tick()

    async def _keep_up(self) -> None:
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
            self.refused = str(error)
            self.dash.missed(error)
        except NoMatches:
            if self.whole:
                raise
            return  # it is being closed, and its widgets went before it did
        else:
            self.refused = None
        self.loads += 1
        self.dash.announce()

    # --- keys ---

    def action_back(self) -> None:
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def action_reload(self) -> None:
        self.old(at_once=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that change something are there for those who may."""
        needed = self.ACTS.get(action)
        return needed is None or self.dash.snapshot.role >= needed

    def on_table_wanted(self, event: Table.Wanted) -> None:
        """Screens with endless lists answer it; the others have all their rows."""
