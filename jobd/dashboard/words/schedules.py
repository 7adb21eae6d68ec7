"""What is said about one schedule: when it fires and fired, why it does not, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from jobd.dashboard.lists.columns import bits, sized
from jobd.dashboard.lists.schedules import LATE, expression, note
from jobd.dashboard.looks import RUNS, Bit, Cell, Eye, Tone, state
from jobd.dashboard.widgets.panel import LABEL, Fact
from jobd.dashboard.words.moments import far
from jobd.model.reports import NextSlots, ScheduleReport
from jobd.model.told import distance, length
from jobd.model.why import Why

SLOTS = 5
FAR = 10
"""Cells of how far a slot is: the columns beside it stay where they are when an hour becomes minutes."""
SAID = frozenset({"next", "last", "no_run"})
"""Causes that other lines tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closer:
    """What was asked about the chosen schedule alone."""

    name: str
    slots: NextSlots
    why: Why | None = None
    """Asked only where it does not fire."""


def stands(schedule: ScheduleReport, now: datetime) -> bool:
    """True when it does not fire as it should, so that somebody wonders why."""
    silent = not schedule.enabled or schedule.paused_at is not None or schedule.next_slot is None
    return silent or (schedule.next_slot is not None and now - schedule.next_slot > LATE)


def facts(schedule: ScheduleReport, closer: Closer | None, eye: Eye) -> Iterator[Fact]:
    """Its lines, the most wanted first."""
    yield "", ((schedule.description or expression(schedule), Tone.NAME), (f"   {_expressed(schedule)}", Tone.DIM))
    if stands(schedule, eye.now):
        yield from _why(schedule, closer, eye)
    yield "last", _last(schedule, eye)
    yield "fired", _fired(schedule, eye)
    yield "job", schedule.job
    yield "source", schedule.place or "written by another node"
    if closer is not None:
        yield "missed", _missed(closer.slots.catch_up_seconds)
        yield from (("warning", (warning, Tone.WARN)) for warning in closer.slots.warnings)


def slots(schedule: ScheduleReport, closer: Closer | None, eye: Eye) -> Iterator[Cell]:
    """Its next slots, by the clock of its zone."""
    zone = _zone(schedule.timezone)
    yield (f"next, {schedule.timezone}", Tone.HEAD)
    if closer is None:
        yield ("…", Tone.DIM)
        return
    if not closer.slots.next:
        yield ("there is none", Tone.DIM)
    exact = any(slot.second for slot in closer.slots.next)
    clocks = [clock(slot, zone, exact=exact) for slot in closer.slots.next]
    wide = max(map(len, clocks), default=0)
    for text, slot in zip(clocks, closer.slots.next, strict=True):
        yield (text.ljust(wide), Tone.PLAIN), (f"  {distance(max(slot, eye.now), eye.now):<{FAR}}", Tone.DIM)


def latest(schedule: ScheduleReport, eye: Eye) -> Iterator[Cell]:
    """Its latest runs, the last one first."""
    yield ("latest runs", Tone.HEAD)
    if not schedule.outcomes:
        yield ("none has ended", Tone.DIM)
    wide = max((len(str(run.id)) for run in schedule.outcomes), default=0)
    for run in reversed(schedule.outcomes[-SLOTS:]):
        look = sized(state(RUNS, run.state.value, eye), 12)
        yield (f"{run.id:>{wide}}  ", Tone.DIM), *look, (far(run.finished_at, eye.now), Tone.DIM)


def clock(when: datetime, zone: tzinfo, *, exact: bool) -> str:
    """An instant as a wall in that zone shows it; to the second where it is `exact`."""
    return f"{when.astimezone(zone):%a %d %b %H:%M:%S}" if exact else f"{when.astimezone(zone):%a %d %b %H:%M}"


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # a row of another node, with zones that are not known here
        return UTC


def _expressed(schedule: ScheduleReport) -> str:
    """What the words do not say."""
    return schedule.cron or ""


def _why(schedule: ScheduleReport, closer: Closer | None, eye: Eye) -> Iterator[Fact]:
    if closer is None or closer.why is None:
        yield "why", note(schedule, eye)
        return
    for cause in closer.why.causes:
        if cause.code not in SAID:
            yield "why", (cause.text, Tone.WARN)
            if cause.mend:
                yield "", (f"{' ' * LABEL}$ {cause.mend}", Tone.PLAIN)


def _last(schedule: ScheduleReport, eye: Eye) -> tuple[Bit, ...]:
    if schedule.last is None:
        return (("no run of it is known", Tone.DIM),)
    ended = f" {far(schedule.last.finished_at, eye.now)}" if schedule.last.finished_at else ""
    return *bits(state(RUNS, schedule.last.state.value, eye)), (f"{ended}  run {schedule.last.id}", Tone.DIM)


def _fired(schedule: ScheduleReport, eye: Eye) -> str:
    if schedule.last_slot is None:
        return "never"
    zone = _zone(schedule.timezone)
    return f"{clock(schedule.last_slot, zone, exact=True)}, {far(schedule.last_slot, eye.now)}"


def _missed(catch_up: float) -> str:
    if catch_up <= 0:
        return "is left out (no catch-up)"
    return f"the latest slot still fires, up to {length(catch_up)} late"
