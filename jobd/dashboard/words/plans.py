"""What a schedule means that is being typed: when it would fire, in words and by the clock of its zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from jobd.dashboard.changes.plans import Plan
from jobd.dashboard.looks import Cell, Eye, Tone
from jobd.dashboard.words.schedules import clock
from jobd.model.schedule import Schedule
from jobd.model.told import distance

SLOTS = 3
HINT: Cell = ("a cron expression, every 5m, or at 2027-01-31T08:00", Tone.DIM)


def meaning(plan: Plan, daemons_zone: str, eye: Eye, slots: int = SLOTS) -> tuple[Cell, ...]:
    """The lines below what is typed: the words and the next `slots`, or what is wrong with it."""
    if not plan.when:
        return (HINT,)
    try:
        schedule = plan.schedule(daemons_zone)
        return tuple(_lines(schedule, eye, slots))
    except ValueError as error:
        return ((str(error), Tone.WARN),)


def _lines(schedule: Schedule, eye: Eye, wanted: int) -> Iterator[Cell]:
    yield schedule.describe(), Tone.GOOD
    yield from ((warning, Tone.WARN) for warning in schedule.warnings())
    slots: list[datetime] = []
    while len(slots) < wanted and (slot := schedule.next_after(slots[-1] if slots else eye.now)) is not None:
        slots.append(slot)
    if not slots:
        if not schedule.warnings():  # they say so
            yield "that is past: it never fires", Tone.WARN
        return
    zone, exact = ZoneInfo(schedule.timezone), any(slot.second for slot in slots)
    first, *others = (clock(slot, zone, exact=exact) for slot in slots)
    yield ("next ", Tone.DIM), (first, Tone.PLAIN), (f" {distance(slots[0], eye.now)}", Tone.DIM)
    if others:
        yield ("then " + ", ".join(others), Tone.DIM)
