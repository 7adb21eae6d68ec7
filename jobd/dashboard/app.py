"""The application: screens, keys, theme, and the one connection that all screens share. It handles no data itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import Screen

from jobd.dashboard.changing import Changing
from jobd.dashboard.live.link import Link
from jobd.dashboard.live.news import News
from jobd.dashboard.live.snapshot import Snapshot
from jobd.dashboard.page import Page
from jobd.dashboard.screens import SCREENS, maker
from jobd.dashboard.themes import THEMES, next_theme
from jobd.dashboard.widgets.ascii_only import AsciiOnly
from jobd.dashboard.widgets.scrolling import install
from jobd.errors import JobdError

if TYPE_CHECKING:
    from jobd.client import Event
    from jobd.client.client import Client
    from jobd.dashboard.live.feed import Feed

AGAIN_SECONDS = 1.0
KEY_NAMES = {",": "comma", ".": "full_stop"}


class Dashboard(Changing):
    """One person's eyes on one daemon. `link` says where it is; ends with a message when there is nothing to show."""

    TITLE = "jobd"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {entry.name: maker(entry) for entry in SCREENS}
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(KEY_NAMES.get(screen.key, screen.key), f"go('{screen.name}')", screen.title, show=False)
            for screen in SCREENS
        ),
        Binding("colon,ctrl+p", "command_palette", "Commands", show=False),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("z", "freeze", "Freeze", show=False),
        Binding("u", "undo", "Undo the last change", show=False),
        Binding("T", "theme", "Theme", show=False),
        Binding("C", "copy_command", "Copy command", show=False),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", "Quit", show=False),
    ]

    def __init__(
        self, link: Link | None = None, *, ascii: bool = False, theme: str | None = None, start: str = "home"
    ) -> None:
        super().__init__(ansi_color=theme is not None and theme.startswith("ansi"))
        self._link, self._start = link or Link(), start
        self.ascii, self._plain = ascii, AsciiOnly()
        self.frozen = False
        self.connected = asyncio.Event()
        """Set once there is a client; the daemon itself may be away."""
        self.announced = asyncio.Event()
        """Set whenever something new was shown: for who waits to see it."""
        self._client: Client | None = None
        self._feed: Feed | None = None
        self._unlinked: Snapshot = Snapshot()
        for one in THEMES:
            self.register_theme(one)
        self.theme = theme or os.environ.get("TEXTUAL_THEME") or THEMES[0].name

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line goes through on its way to the terminal."""
        filters = super().get_line_filters()
        return [*filters, self._plain] if self.ascii else filters

    # --- what screens use ---

    @property
    def client(self) -> Client:
        """The daemon; to be used once `connected` is set."""
        assert self._client is not None
        return self._client

    @property
    def feed(self) -> Feed:
        assert self._feed is not None
        return self._feed

    @property
    def snapshot(self) -> Snapshot:
        return self._feed.snapshot if self._feed is not None else self._unlinked

    @property
    def local(self) -> bool:
        """True when the daemon is on this machine, so that its files are here."""
        return self._link.url is None and self._link.ssh is None

    @property
    def page(self) -> Page | None:
        """The screen that is looked at, when no dialog lies over it."""
        return self.screen if isinstance(self.screen, Page) else None

    def go(self, name: str, chosen: Hashable | None = None) -> None:
        """Show a screen, without what was opened over it before; its row with the key `chosen` is the chosen one."""
        if name != self.current_mode:
            self.switch_mode(name)
        while len(self.screen_stack) > 1:
            self.pop_screen()
        if chosen is not None and self.page is not None:
            self.page.call_after_refresh(self.page.seek, chosen)  # it may be shown for the first time

    def find_runs(self, text: str) -> None:
        """Show the runs that a filter finds."""
        from jobd.dashboard.screens.runs import Runs

        origin = self.current_mode
        self.go("runs")
        page = self.page
        assert isinstance(page, Runs)
        page.call_after_refresh(page.find, text, origin)  # it may be shown for the first time, and hold nothing yet

    def missed(self, error: JobdError) -> None:
        """A screen could not load: whether that is the connection, the feed will see."""
        self.feed.look()

    def announce(self) -> None:
        """Something new is shown."""
        self.call_after_refresh(self.announced.set)

    # --- its life ---

    def on_mount(self) -> None:
        with suppress(NotImplementedError, RuntimeError):  # not the main thread: a test, a browser's
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)  # the terminal is given back
        self.set_class(self.ascii, "-ascii")
        install()
        self.switch_mode(self._start)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.run_worker(self._stay_linked(), name="link", exit_on_error=True)

    async def _stay_linked(self) -> None:
        """A client for as long as the application lives, and the feed that keeps up with the daemon."""
        while True:
            try:
                async with self._link.client() as client:
                    await self._follow(client)
            except (JobdError, ValueError) as error:
                self._unlinked = Snapshot(trouble=str(error))
                self._changed()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _follow(self, client: Client) -> None:
        from jobd.dashboard.live.feed import Feed  # after the first paint, as the client

        self._client = client
        self._feed = Feed(client, self._told, self._changed)
        self.connected.set()
        await self._feed.run()

    def _told(self, events: Sequence[Event], dropped: int) -> None:
        if self.page is not None and not self.frozen:
            self.page.post_message(News(events, dropped))

    def _changed(self) -> None:
        me = self.snapshot.me
        if me is not None and not me.dashboard.enabled:
            self.exit(return_code=4, message="the dashboard is switched off: [dashboard] enabled in jobd.toml")
        if self.frozen:
            return
        if self.page is not None:
            self.page.seen()
        self.announce()

    # --- keys ---

    def action_go(self, name: str) -> None:
        self.go(name, self.page.leads_to(name) if self.page is not None else None)

    def action_freeze(self) -> None:
        self.frozen = not self.frozen
        if self.page is not None:
            self.page.seen()
            self.page.old(at_once=not self.frozen)

    def action_theme(self) -> None:
        self.theme = next_theme(self.theme)
        self.say(f"theme {self.theme}")

    def action_help(self) -> None:
        from jobd.dashboard.screens.help import Help

        self.push_screen(Help(self.page))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers: what the keys of this screen do, then the screens, then the rest."""
        from jobd.dashboard.words.keys import keys

        if isinstance(screen, Page):
            page: Page = screen
            for key in keys(page):
                told = f"{page.NOUN}: key {key.shown}"
                yield SystemCommand(key.description, told, partial(self.run_action, key.action, page))
        for entry in SCREENS:
            yield SystemCommand(entry.title, f"Show {entry.title} (key {entry.key})", partial(self.go, entry.name))
        yield SystemCommand("Freeze", "Stop or resume the updates (key z)", self.action_freeze)
        yield SystemCommand("Theme", "Choose the colours", self.search_themes)
        yield SystemCommand("Help", "What the keys do (key ?)", self.action_help)
        yield SystemCommand("Quit", "Leave; the daemon goes on (key q)", self.exit)
