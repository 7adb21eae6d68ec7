"""A screen with a list that has no end: its first page is kept up to date, the others come when looked at."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from textual import on

from jobd.dashboard.lists.pages import SIZE, Fetch, Pages
from jobd.dashboard.page import Page
from jobd.dashboard.widgets.table import Table
from jobd.errors import JobdError

R = TypeVar("R")


class Endless(Page, Generic[R]):
    """`table` is its list; `load` calls `show_first`."""

    PACE_SECONDS = 3.0  # what comes moves every line: on the way to the terminal that is some 12 kB

    def __init__(self) -> None:
        super().__init__()
        self.pages: Pages[R] | None = None
        """None before it has loaded."""
        self._shown: Hashable = None
        """What `pages` was asked for."""
        self._wanted: set[int] = set()
        self._failed: JobdError | None = None
        """Why a page further down is not there."""
        self._ticks = 0

    @property
    def table(self) -> Table[R]:
        """The list."""
        raise NotImplementedError

    def nothing(self, pages: Pages[R]) -> str:
        """What an empty list says."""
        raise NotImplementedError

    def tick(self) -> None:
        """Ages move on every other second, as the list does."""
        self._ticks += 1
        if not self._ticks % 2:
            super().tick()

    async def show_first(self, wanted: Hashable, fetch: Fetch[R]) -> None:
        """Show the first page of what is wanted; from the top when something else was shown before."""
        if self.pages is not None and wanted == self._shown and self.table.scroll_y >= SIZE // 2:
            if self._failed is not None:
                raise self._failed
            return  # whoever has scrolled away reads: the list stays
        self.pages, self._failed = Pages(await fetch(None), fetch), None
        if wanted != self._shown:
            self._shown = wanted
            self.table.choose(0)
        self.table.show(self.pages, empty=self.nothing(self.pages))

    @on(Table.Wanted)
    def _load_more(self, event: Table.Wanted) -> None:
        number = self.pages.page_of(event.index) if self.pages is not None else None
        if self.pages is not None and number is not None and number not in self._wanted:
            self._wanted.add(number)
            self.run_worker(self._more(self.pages, number), group="pages")

    async def _more(self, pages: Pages[R], number: int) -> None:
        try:
            await pages.fetch(number)
        except JobdError as error:
            self._failed = error
            self.missed(error)
        else:
            self._failed = None
        finally:
            self._wanted.discard(number)
        if pages is self.pages:
            self.table.show(pages)
            self.dash.announce()
