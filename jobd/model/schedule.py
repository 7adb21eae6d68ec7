"""A schedule: when a job is due, by `cron`, `every` or `at`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, assert_never

from jobd.model.cron import EPOCH, CronSpec, parse, seconds_since_epoch
from jobd.model.job import NO_ARGS
from jobd.model.slots import LIMIT, Missed, missed

MICROSECOND = timedelta(microseconds=1)
SHORTEST = timedelta(seconds=1)
UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


class ScheduleKind(StrEnum):
    CRON = "cron"  # by the wall clock of a zone
    EVERY = "every"  # at even distances, counted from 1970 so that all nodes agree
    AT = "at"  # once


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One schedule; exactly one of `cron`, `every` and `at` is set. Instants are aware UTC.

    Making one checks nothing, so that rows of any age can be shown; `check()` does, and what is wrong there
    raises the same ValueError when slots are asked for.
    """

    name: str
    job: str
    cron: str | None = None
    every: timedelta | None = None
    at: datetime | None = None
    timezone: str = "UTC"
    args: Mapping[str, Any] = field(default_factory=lambda: NO_ARGS)
    enabled: bool = True
    catch_up_window: timedelta = timedelta(hours=1)
    """After a stop, the latest missed slot fires when it is not older than this."""
    place: str = ""

    @property
    def kind(self) -> ScheduleKind:
        """Which of the three is set.

        Raises:
            ValueError: none is, or more than one.
        """
        kinds = [kind for kind in ScheduleKind if getattr(self, kind) is not None]
        if len(kinds) != 1:
            given = " and ".join(kinds) or "none"
            raise ValueError(f"exactly one of cron, every and at is needed, here is {given}")
        return kinds[0]

    def check(self) -> None:
        """Nothing, for a schedule that can be used.

        Raises:
            ValueError: what is wrong with it; a CronSyntaxError also says where in the expression.
        """
        match self.kind:
            case ScheduleKind.CRON:
                self.spec()
            case ScheduleKind.EVERY:
                self._period()
            case ScheduleKind.AT:
                self._once()
            case kind:
                assert_never(kind)
        if self.catch_up_window < timedelta(0):
            raise ValueError(f"the catch-up window {self.catch_up_window} is negative; 0 turns it off")

    def warnings(self) -> tuple[str, ...]:
        """What is allowed and yet seldom meant; for a schedule that `check()` accepts."""
        return self.spec().warnings if self.cron is not None else ()

    def next_after(self, instant: datetime) -> datetime | None:
        """The first slot after `instant`; None when there is none. Pure: same answer on every node."""
        if self.cron is not None:  # the case that has to be fast
            return self.spec().next_after(instant)
        if self.every is not None:
            return self._tick(instant, +1)
        seconds_since_epoch(instant)  # refuses a naive one
        at = self._once()
        return at if at > instant else None

    def latest_between(self, after: datetime, until: datetime) -> datetime | None:
        """The last slot in (after, until]; None when there is none. Enumerates nothing."""
        if self.cron is not None:
            return self.spec().latest_between(after, until)
        latest = self._tick(until, 0) if self.every is not None else self._once()
        return latest if latest is not None and after < latest <= until else None

    def missed_between(self, after: datetime, until: datetime, limit: int = LIMIT) -> Missed | None:
        """The slots in (after, until], counted up to `limit`; None when there is none."""
        return missed(self, after, until, limit)

    def describe(self) -> str:
        """Plain English: "every 90 seconds", "once, at 2026-12-01 09:00:00 UTC"."""
        match self.kind:
            case ScheduleKind.CRON:
                return self.spec().describe()
            case ScheduleKind.EVERY:
                return f"every {_length(self._period())}"
            case ScheduleKind.AT:
                return f"once, at {self._once().astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            case kind:
                assert_never(kind)

    def spec(self) -> CronSpec:
        """The expression's slots, shared by all schedules that are alike."""
        assert self.cron is not None
        return parse(self.cron, timezone=self.timezone, name=self.name)

    def _tick(self, instant: datetime, ahead: int) -> datetime | None:
        """The last multiple of `every` up to `instant`, or the one `ahead` of it; None after 9999."""
        seconds_since_epoch(instant)  # refuses a naive one
        period = self._period() // MICROSECOND
        try:
            return EPOCH + ((instant - EPOCH) // MICROSECOND // period + ahead) * period * MICROSECOND
        except OverflowError:
            return None

    def _period(self) -> timedelta:
        assert self.every is not None
        if self.every < SHORTEST:
            raise ValueError(f"every = {self.every.total_seconds():g} s is too short; 1 s is the shortest")
        return self.every

    def _once(self) -> datetime:
        if self.at is None:
            raise ValueError("exactly one of cron, every and at is needed, here is none")
        seconds_since_epoch(self.at)  # refuses a naive one
        return self.at.astimezone(UTC)


def _length(length: timedelta) -> str:
    """ "90 minutes": in the largest unit that leaves no remainder."""
    for unit, size in UNITS:
        if not length % size:
            number = length // size
            return unit if number == 1 else f"{number} {unit}s"
    seconds = length.total_seconds()
    return "second" if seconds == 1 else f"{seconds:g} seconds"
