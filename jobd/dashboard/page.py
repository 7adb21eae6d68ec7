"""What every screen is: a body between the bar above and the keys below, which keeps itself up to date.

A screen says what it shows (`body`), how it gets it (`load`) and what happens make it old (`LISTENS`). How it
loads, and what it says when that fails, `Loading` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from jobd.dashboard.changes.deed import Deed
from jobd.dashboard.live.news import News
from jobd.dashboard.loading import Loading
from jobd.dashboard.looks import Eye
from jobd.dashboard.widgets.bar import Bar
from jobd.dashboard.widgets.keys import Keys
from jobd.dashboard.widgets.said import Said
from jobd.dashboard.widgets.screens import Screens
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.trouble import Trouble
from jobd.model.roles import Role

if TYPE_CHECKING:
    from jobd.dashboard.live.snapshot import Snapshot


class Page(Loading):
    """One screen of the dashboard."""

    NOUN: ClassVar[str] = ""
    LISTENS: ClassVar[frozenset[str]] = frozenset()
    """Kinds of events that make it load again."""
    ACTS: ClassVar[dict[str, Role]] = {}
    """Actions that change something → the role that they need; they have no key for others."""
    OWN_UNDO: ClassVar[bool] = False
    """`u` is about what is chosen here, not about the last change."""
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
        self._role: Role | None = None

    # --- what a screen fills in ---

    def body(self) -> Iterable[Widget]:
        """The widgets between the bars."""
        return ()

    def heard(self, news: News) -> None:
        """Something happened that can be shown without asking."""

    def changed(self, snapshot: Snapshot) -> None:
        """The status is a newer one, or the daemon was lost or found."""

    def leads_to(self, screen: str) -> Hashable | None:
        """The key of what is to be chosen on another screen, where this one speaks of it."""
        return None

    def tick(self) -> None:
        """A second has passed."""
        for table in self.query(Table):
            table.look_again()

    # --- what it can use ---

    @property
    def eye(self) -> Eye:
        """How is looked now."""
        return Eye.open(ascii=self.dash.ascii)

    @property
    def in_sight(self) -> bool:
        """True in front and behind a dialog; what lies under another page is painted for nobody."""
        return self.is_active or (self.is_current and not isinstance(self.app.screen, Page))

    def seek(self, chosen: Hashable) -> None:
        """Make the row of its list with that key the chosen one, as soon as it is there."""
        if self.whole:
            self.query(Table).first().seek(chosen)

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
        self.run_worker(self.keep_up(), name=f"load {self.NOUN}", exit_on_error=True)
        self.set_interval(1.0, self._tick)

    def on_screen_resume(self) -> None:
        self.seen()
        self.old(at_once=True)

    def seen(self) -> None:
        """The app has a new snapshot."""
        if not self.whole:
            return  # it is not composed yet, and looks when it is, or it is being closed
        self.look_stale()
        if self.refused is not None and not self.dash.snapshot.stale:
            self.old()  # the daemon is there: it may answer now
        for bar in (*self.query(Bar), *self.query(Screens), *self.query(Said)):
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
