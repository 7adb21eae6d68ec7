"""A cron expression in a time zone: when it is due.

Instants are found by tables of integers, never by trying minutes. The rules are those of Debian's cron(8),
with one slot at most for each instant and without its limit of three hours:

- A *fixed* expression (no `*` at the beginning of second, minute or hour) is due once for each time it
  names: at the end of the gap when the clock skips it, in the first pass when the clock repeats it.
- A *moving* one is due whenever the clock shows one of its times: not in a gap, twice in a repeat.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from jobd.model.cron_days import LAST_DAY, Days
from jobd.model.cron_syntax import CronFields, CronSyntaxError, read
from jobd.model.cron_times import Times, times
from jobd.model.cron_words import words
from jobd.model.slots import LIMIT, Missed, missed
from jobd.model.zone import DAY, Zone, zone

__all__ = ["CronSpec", "CronSyntaxError", "parse"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HORIZON = LAST_DAY * DAY
Known = tuple[int, int, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSpec:
    """The slots of one expression, from 1970 to 9998: pure, the same on every node, safe between threads."""

    expression: str
    timezone: str
    name: str
    """What `H` was hashed with; empty when the expression has none."""
    fields: CronFields = field(compare=False, repr=False)
    zone: Zone = field(compare=False, repr=False)
    days: Days = field(compare=False, repr=False)
    times: Times = field(compare=False, repr=False)
    _known: list[Known] = field(compare=False, repr=False, default_factory=lambda: [(0, 0, None)])
    """One answer, for all instants from the first number to before the second. Replaced as a whole."""

    @property
    def never(self) -> bool:
        """True when no calendar day fits, like 30 February: it has no slot at all."""
        return self.days.never

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed and yet seldom meant, for `jobd check`."""
        return (*self.fields.warnings, *(("no day fits: it never fires",) if self.never else ()))

    def next_after(self, instant: datetime) -> datetime | None:
        """The first slot after `instant`; None when there is none.

        Raises:
            ValueError: `instant` has no time zone.
        """
        second = seconds_since_epoch(instant)
        since, until, slot = self._known[0]
        if since <= second < until:
            return slot
        found = self._after(max(second, 0))
        slot = None if found is None else datetime.fromtimestamp(found, UTC)
        self._known[0] = (second, HORIZON if found is None else found, slot)
        return slot

    def latest_between(self, after: datetime, until: datetime) -> datetime | None:
        """The last slot in (after, until]; None when there is none. Looks back from `until`."""
        earliest = max(seconds_since_epoch(after), 0)
        latest = min(seconds_since_epoch(until), HORIZON - 1)
        if latest <= earliest or self.never:
            return None
        found = self._moving_until(latest, earliest) if self.fields.moving else self._fixed_until(latest)
        return None if found is None or found <= earliest else datetime.fromtimestamp(found, UTC)

    def missed_between(self, after: datetime, until: datetime, limit: int = LIMIT) -> Missed | None:
        """The slots in (after, until], counted up to `limit`; None when there is none."""
        return missed(self, after, until, limit)

    def nominal(self, slot: datetime) -> datetime:
        """The wall-clock time (naive, local) that `slot` stands for: 00:00 where the clock skipped it."""
        second = seconds_since_epoch(slot)
        shown = second + self.zone.stretch(second)[2]
        named = shown if self.fields.moving else self._reading_at_or_before(self.zone.furthest(second))
        return datetime.fromtimestamp(shown if named is None else named, UTC).replace(tzinfo=None)

    def describe(self) -> str:
        """Plain English: "at 02:00 every day, Africa/Cairo"."""
        return words(self.fields, self.timezone) + (" (never: no such day)" if self.never else "")

    def _after(self, second: int) -> int | None:
        if self.never or second >= HORIZON:
            return None
        found = self._moving_from(second + 1) if self.fields.moving else self._fixed_after(second)
        return None if found is None or found >= HORIZON else found

    def _fixed_after(self, second: int) -> int | None:
        reading = self._reading_at_or_after(self.zone.furthest(second) + 1)
        return None if reading is None else self.zone.reached(reading)

    def _fixed_until(self, second: int) -> int | None:
        reading = self._reading_at_or_before(self.zone.furthest(second))
        return None if reading is None else self.zone.reached(reading)

    def _moving_from(self, second: int) -> int | None:
        """The first slot at or after `second`, stretch by stretch: a slot may lie on a change itself."""
        while second < HORIZON:
            _, end, offset = self.zone.stretch(second)
            reading = self._reading_at_or_after(second + offset)
            if reading is not None and reading - offset < end:
                return reading - offset
            # readings are less than a day from their instants: leap over stretches that cannot hold one
            reading = self._reading_at_or_after(end - DAY)
            if reading is None:
                return None
            second = max(end, reading - DAY)
        return None

    def _moving_until(self, second: int, earliest: int) -> int | None:
        """The last slot at or before `second`; gives up at `earliest`."""
        while second > earliest:
            start, _, offset = self.zone.stretch(second)
            reading = self._reading_at_or_before(second + offset)
            if reading is not None and reading - offset >= start:
                return reading - offset
            reading = self._reading_at_or_before(start - 1 + DAY)
            if reading is None:
                return None
            second = min(start - 1, reading + DAY)
        return None

    def _reading_at_or_after(self, reading: int) -> int | None:
        """The first named wall-clock time that is not before `reading`."""
        day, time = divmod(reading, DAY)
        named = self.days.at_or_after(day)
        if named == day:
            found = self.times.at_or_after(time)
            if found is not None:
                return day * DAY + found
            named = self.days.at_or_after(day + 1)
        return None if named is None else named * DAY + self.times.first

    def _reading_at_or_before(self, reading: int) -> int | None:
        """The last named wall-clock time that is not after `reading`."""
        day, time = divmod(reading, DAY)
        named = self.days.at_or_before(day)
        if named == day:
            found = self.times.at_or_before(time)
            if found is not None:
                return day * DAY + found
            named = self.days.at_or_before(day - 1)
        return None if named is None else named * DAY + self.times.last


def seconds_since_epoch(instant: datetime) -> int:
    """Whole seconds, rounded down; exact in every year, which `timestamp()` is not.

    Raises:
        ValueError: `instant` has no time zone, so it is no instant.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone; write it with an offset or with Z")
    since = instant - EPOCH
    return since.days * DAY + since.seconds


def parse(expression: str, *, timezone: str = "UTC", name: str = "") -> CronSpec:
    """The slots of `expression` on the clocks of `timezone`; `name` is the schedule's, for `H`.

    The same question gets the same object, so that schedules that are alike share one.

    Raises:
        CronSyntaxError: a ValueError with the place inside the expression.
        ValueError: no such time zone.
    """
    if not isinstance(expression, str):
        raise ValueError(f"a cron expression is text, not {type(expression).__name__}")
    return _parse(expression, timezone, name if _hashes(expression) else "")


@lru_cache(maxsize=131_072)  # 100,000 schedules of their own expressions, at about 2 KB each
def _parse(expression: str, timezone: str, name: str) -> CronSpec:
    fields = read(expression, name)
    return CronSpec(
        expression=" ".join(expression.split()),
        timezone=timezone,
        name=name,
        fields=fields,
        zone=zone(timezone),
        days=Days(fields.month_days, fields.week_days, fields.months, fields.years),
        times=times(fields.hours, fields.minutes, fields.seconds),
    )


@lru_cache(maxsize=131_072)
def _hashes(expression: str) -> bool:
    """Whether `H` stands for itself somewhere, and not in a name like THU."""
    items = [item for word in expression.upper().split() for item in word.split(",")]
    return any(item.startswith("H") and not item[1:2].isalpha() for item in items)
