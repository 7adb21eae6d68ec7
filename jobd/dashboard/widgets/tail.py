"""The latest events, followed to their end until somebody reads: then they stand still, and what comes is counted."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from jobd.dashboard.lists.events import columns, line
from jobd.dashboard.live.ring import KEPT, Heard, Ring
from jobd.dashboard.looks import Bit, Eye, Tone
from jobd.dashboard.widgets.narrow import Narrow
from jobd.dashboard.widgets.pattern_bar import PatternBar
from jobd.dashboard.widgets.table import Table
from jobd.dashboard.widgets.words import Words

if TYPE_CHECKING:
    from jobd.dashboard.app import Dashboard

NOTHING = "nothing has happened since this dashboard began to listen"


def _wrong(heard: Heard) -> bool:
    event = heard.event
    return event.facts.get("state") == "failed" or event.kind in ("run.retrying", "node.lost", "overflow")


KINDS: Mapping[str, tuple[str, Callable[[Heard], bool]]] = {
    "a": ("everything", lambda heard: True),
    "x": ("what went wrong", _wrong),
    "e": ("runs that ended", lambda heard: heard.event.kind == "run.ended"),
    "s": ("runs that started", lambda heard: heard.event.kind == "run.started"),
    "d": ("runs that were added", lambda heard: heard.event.kind == "run.added"),
    "n": ("nodes", lambda heard: heard.event.kind.startswith("node.")),
    "c": ("changes", lambda heard: heard.event.kind == "change"),
}
"""Key → what is shown under it."""


class Tail(Vertical):
    """Follows while its last line is chosen and in view."""

    DEFAULT_CSS = """
    Tail { height: 1fr; }
    Tail #standing { height: 1; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ring = Ring()
        self._seen = 0
        """The number of the last event that was looked at."""
        self._kept: deque[Heard] = deque(maxlen=KEPT)
        self._new = 0
        """How many came since the list stands still."""
        self._only = False
        self.following = True
        """While the last line is chosen and in view, new events come into view by themselves."""
        self.kinds = "a"

    def compose(self) -> ComposeResult:
        yield PatternBar("a regular expression: timeout|refused   run.*failed   send-\\w+")
        yield Words(id="standing")
        yield Table(columns(None), key=lambda heard: heard.number, empty=NOTHING, id="events")

    def on_mount(self) -> None:
        self.watch(self.table, "scroll_y", self._scrolled, init=False)

    # --- what the screen asks of it ---

    @property
    def table(self) -> Table[Heard]:
        return self.query_one("#events", Table)

    def take(self, ring: Ring) -> None:
        """Show what was heard since the last time."""
        if ring is not self._ring or ring.number < self._seen:
            self._ring, self._seen = ring, 0
            self._kept.clear()
        fresh = [heard for heard in ring.after(self._seen) if self._wanted(heard)]
        self._seen = ring.number
        self._kept.extend(fresh)
        if not self.following:
            self._new += len(fresh)
        elif fresh:
            self._show()
        self._tell()

    def choose_kinds(self, key: str) -> None:
        """Show events of some kinds only: a key of KINDS."""
        self.kinds = key
        self._begin_again()

    def toggle_only(self) -> None:
        """Leave out what the search does not hit, or show it again."""
        self._only = not self._only
        self._begin_again()

    def search(self) -> None:
        self.query_one(PatternBar).open()

    def search_nothing(self) -> bool:
        """Take the search away; False when there was none."""
        bar = self.query_one(PatternBar)
        if not bar.value:
            return False
        bar.clear_away()
        return True

    def step(self, by: int) -> None:
        """To the next hit of the search, or with -1 to the one before."""
        pattern, table = self._pattern, self.table
        ahead = range(table.at + by, len(table.rows) if by > 0 else -1, by)
        for index in ahead if pattern is not None else ():
            heard = table.rows[index]
            if heard is not None and pattern is not None and pattern.search(line(heard)):
                table.choose(index)
                return

    # --- what it does ---

    @property
    def _pattern(self) -> re.Pattern[str] | None:
        return self.query_one(PatternBar).pattern

    def _wanted(self, heard: Heard) -> bool:
        hit = not self._only or self._pattern is None or self._pattern.search(line(heard)) is not None
        return hit and KINDS[self.kinds][1](heard)

    def _show(self) -> None:
        """The latest, and the last line of them."""
        self._new, self.following = 0, True
        self.table.show(tuple(self._kept), empty=NOTHING if self.kinds == "a" else "no such event was heard")
        self.table.choose(len(self._kept) - 1)
        self.call_after_refresh(self._to_the_end)

    def _to_the_end(self) -> None:
        """What is longer than before can be scrolled once it is laid out."""
        if self.following:
            self.table.scroll_end(animate=False, immediate=True)

    def _begin_again(self) -> None:
        self._kept = deque((heard for heard in self._ring.after(0) if self._wanted(heard)), maxlen=KEPT)
        self._show()
        self._tell()

    @on(Narrow.Narrowed)
    def _search_for(self) -> None:
        self.table.set_columns(columns(self._pattern))
        if self._only:
            self._begin_again()
        self._tell()

    @on(Narrow.Left)
    def _leave_search(self, event: Narrow.Left) -> None:
        event.stop()  # it is this search alone
        self.table.focus()

    @on(Table.Moved)
    def _chosen(self) -> None:
        self._follow(self._last_chosen and (self.following or self._at_the_end))

    def _scrolled(self, before: float, now: float) -> None:
        self._follow(self._last_chosen and (self._at_the_end or (self.following and now >= before)))

    @property
    def _last_chosen(self) -> bool:
        return self.table.at >= len(self.table.rows) - 1

    @property
    def _at_the_end(self) -> bool:
        return self.table.scroll_y >= self.table.max_scroll_y

    def _follow(self, follow: bool) -> None:
        again = follow and not self.following
        self.following = follow
        if again:
            self._show()
        self._tell()

    def _tell(self) -> None:
        """One line: whether it follows, and what of the events is shown."""
        eye = Eye.open(ascii=cast("Dashboard", self.app).ascii)
        self.query_one("#standing", Words).say([tuple(self._standing(eye))])

    def _standing(self, eye: Eye) -> Iterable[Bit]:
        if self.following:
            yield f"{eye.pick('●', '*')} following", Tone.GOOD
        else:
            yield f"{eye.pick('◌', '~')} stands still", Tone.WARN
            yield f"  {self._new:,} new, G follows again", Tone.PLAIN
        yield f"   {KINDS[self.kinds][0]}", Tone.PLAIN if self.kinds != "a" else Tone.DIM
        if (pattern := self._pattern) is not None:
            yield f"   /{pattern.pattern}/ ", Tone.WARN
            yield "alone (& shows the rest)" if self._only else "stands out (& leaves out the rest, n N go)", Tone.DIM
