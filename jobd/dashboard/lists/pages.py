"""A list page after page, as far as somebody has scrolled: few pages are kept, the others are fetched again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

R = TypeVar("R")

SIZE = 100
KEPT = 10
"""Pages at hand; a screen shows two at the most."""


@dataclass(frozen=True, slots=True)
class Part(Generic[R]):
    """One page of SIZE rows, whatever they are."""

    rows: tuple[R, ...]
    next: str | None
    """The cursor of what follows; None on the last page."""
    since: datetime | None = None
    """Set when what ended before this was not looked at."""


Fetch = Callable[[str | None], Awaitable[Part[R]]]
"""The page behind a cursor; the first one without."""


class Pages(Generic[R]):
    """What a table shows of a list that may be ten million rows long."""

    def __init__(self, first: Part[R], fetch: Fetch[R]) -> None:
        self._fetch = fetch
        self._cursors: list[str | None] = [None]
        self._kept: OrderedDict[int, tuple[R, ...]] = OrderedDict()
        self._length = 0
        self._whole = False
        self.since = first.since
        self._take(0, first)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int, /) -> R | None:
        page = self._kept.get(index // SIZE)
        return page[index % SIZE] if page is not None and index % SIZE < len(page) else None

    @property
    def more(self) -> bool:
        """True when rows follow behind the last one known."""
        return not self._whole

    def page_of(self, index: int) -> int | None:
        """The page to fetch so that `index`, or what follows the end, is at hand; None when nothing is to be done."""
        number = min(index // SIZE, len(self._cursors) - 1)
        return None if number in self._kept else number

    async def fetch(self, number: int) -> None:
        """Have that page at hand."""
        self._take(number, await self._fetch(self._cursors[number]))

    def replace(self, index: int, row: R) -> None:
        """What was heard of a row since; nothing when its page is not at hand."""
        page = self._kept.get(index // SIZE)
        if page is not None and index % SIZE < len(page):
            at = index % SIZE
            self._kept[index // SIZE] = (*page[:at], row, *page[at + 1 :])

    def _take(self, number: int, page: Part[R]) -> None:
        self._kept[number] = page.rows
        self._kept.move_to_end(number)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        if number == len(self._cursors) - 1:
            self._length = number * SIZE + len(page.rows)
            self._whole = page.next is None
            if page.next is not None:
                self._cursors.append(page.next)
