"""One time zone as integers: constant stretches of offset, found once, page by page.

All numbers are seconds: an *instant* counts from 1970-01-01 UTC, a *reading* is what a wall clock shows at
an instant (instant + offset), counted the same way. An offset is always less than a day.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

DAY = 86_400
PAGE = 366 * DAY

Stretch = tuple[int, int, int]
"""First instant, first instant after it, offset. A page's edge ends a stretch too, with no change there."""


class Zone:
    """Instants and clock readings of one IANA zone. Safe to share between threads: pages are only added."""

    __slots__ = ("_pages", "info", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.info = _load(name)
        self._pages: dict[int, tuple[list[int], list[int]]] = {}

    def stretch(self, instant: int) -> Stretch:
        """The stretch of constant offset that holds `instant`."""
        number = instant // PAGE
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = self._scan(number * PAGE)
        edges, offsets = page
        at = bisect_right(edges, instant)
        return edges[at - 1], edges[at], offsets[at - 1]

    def furthest(self, instant: int) -> int:
        """The furthest reading that the clock has shown up to `instant`; in a repeat it shows less."""
        start, _, offset = self.stretch(instant)
        furthest = instant + offset
        # two offsets differ by less than two days, so an older reading cannot be ahead
        while start > instant - 2 * DAY:
            earlier, end, offset = self.stretch(start - 1)
            furthest = max(furthest, end - 1 + offset)
            start = earlier
        return furthest

    def reached(self, reading: int) -> int:
        """The first instant at which the clock shows `reading` or later.

        In a repeated hour that is the first pass; for a reading that is skipped, the end of the gap.
        """
        instant = reading - DAY
        while True:
            _, end, offset = self.stretch(instant)
            if reading - offset < end:
                return max(reading - offset, instant)
            instant = end

    def _scan(self, start: int) -> tuple[list[int], list[int]]:
        """The edges and offsets of one page, probed once a day: no zone changes twice within a day."""
        edges, offsets = [start], [self._offset(start)]
        for probe in (*range(start + DAY, start + PAGE, DAY), start + PAGE - 1):
            offset = self._offset(probe)
            if offset != offsets[-1]:
                edges.append(self._change(probe - DAY, probe, offset))
                offsets.append(offset)
        return [*edges, start + PAGE], offsets

    def _change(self, before: int, after: int, offset: int) -> int:
        """The first instant in (before, after] with `offset`."""
        while after - before > 1:
            middle = (before + after) // 2
            if self._offset(middle) == offset:
                after = middle
            else:
                before = middle
        return after

    def _offset(self, instant: int) -> int:
        offset = datetime.fromtimestamp(instant, self.info).utcoffset()
        assert offset is not None
        return offset.days * DAY + offset.seconds


@lru_cache(maxsize=1024)
def zone(name: str) -> Zone:
    """The zone of that IANA name, shared by all who ask.

    Raises:
        ValueError: there is no such zone here; names the nearest one.
    """
    return Zone(name)


def _load(name: str) -> ZoneInfo:
    try:
        if name == "localtime":  # another zone on each machine
            raise ZoneInfoNotFoundError
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        from difflib import get_close_matches  # rare, and 2 ms that `jobctl` must not pay for

        near = get_close_matches(name, sorted(available_timezones()), 1)
        hint = f"did you mean {near[0]!r}?" if near else "write an IANA name like 'Africa/Cairo'"
        raise ValueError(f"unknown time zone {name!r}; {hint}") from None
