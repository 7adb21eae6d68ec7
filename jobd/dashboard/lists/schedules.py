"""The columns of schedules, and how the state of one reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import RUNS, UNKNOWN, Cell, Eye, Tone, state
from jobd.dashboard.words.moments import far, whole
from jobd.model.duration import format_duration
from jobd.model.reports import ScheduleReport
from jobd.model.told import distance

OUTCOMES = 20
LONGEST_NAME, LONGEST_WORDS = 20, 20
"""Cells that they take before what is left over is shared: all that is wanted fits into 80 with them."""
LATE, VERY_LATE = timedelta(seconds=10), timedelta(minutes=1)
"""A slot that is older and was not dealt with means that nobody fires, as while a node is taken over, or for good."""


def due(schedule: ScheduleReport, eye: Eye) -> Cell:
    """When it fires next, or what keeps it from firing."""
    if not schedule.enabled:
        return f"{eye.pick('⊘', '/')} disabled", Tone.DIM
    if schedule.paused_at is not None:
        return f"{eye.pick('‖', '=')} paused", Tone.WARN
    if schedule.next_slot is None:
        return "never again", Tone.DIM
    late = eye.now - schedule.next_slot
    if late > VERY_LATE:
        return f"! {whole(late.total_seconds())} late", Tone.BAD
    if late > LATE:
        return f"due {far(schedule.next_slot, eye.now)}", Tone.WARN
    return distance(max(schedule.next_slot, eye.now), eye.now), Tone.PLAIN


def expression(schedule: ScheduleReport) -> str:
    """As it is configured."""
    if schedule.cron is not None:
        return schedule.cron
    if schedule.every_seconds is not None:
        return f"every {format_duration(timedelta(seconds=schedule.every_seconds))}"
    return f"at {schedule.at:%Y-%m-%d %H:%M}Z" if schedule.at else ""


def strip(schedule: ScheduleReport, eye: Eye) -> Cell:
    """A glyph for each of its latest runs, the oldest on the left."""
    ended = schedule.outcomes or ((schedule.last,) if schedule.last else ())
    looks = [RUNS.get(run.state.value, UNKNOWN) for run in ended]
    return tuple(
        ("".join(eye.glyph(look) for look in same), tone) for tone, same in groupby(looks, key=lambda look: look.tone)
    )


def outcome(schedule: ScheduleReport, eye: Eye) -> Cell:
    """How its latest run stands."""
    if schedule.last is None:
        return "-", Tone.DIM
    return state(RUNS, schedule.last.state.value, eye)


def note(schedule: ScheduleReport, eye: Eye) -> Cell:
    """Who stopped it, until when and why."""
    if not schedule.enabled:
        return schedule.disabled_reason or "disabled in the configuration", Tone.DIM
    if schedule.paused_at is None:
        return ""
    reason = f"{schedule.pause_reason}, " if schedule.pause_reason else ""
    until = f", resumes {distance(schedule.paused_until, eye.now)}" if schedule.paused_until else ""
    return f"{reason}by {schedule.paused_by or 'somebody'}{until}", Tone.WARN


def words(schedule: ScheduleReport, eye: Eye) -> Cell:
    """When it fires; its zone has a column of its own."""
    return schedule.description.removesuffix(f", {schedule.timezone}")


NAME: Column[ScheduleReport] = Column(title="SCHEDULE", cell=lambda one, eye: (one.name, Tone.NAME), width=16, grow=1)
WHEN: Column[ScheduleReport] = Column(title="WHEN", cell=words, width=16, grow=3, keep=7)
CRON: Column[ScheduleReport] = Column(
    title="EXPRESSION", cell=lambda one, eye: (expression(one), Tone.DIM), width=14, keep=4
)
ZONE: Column[ScheduleReport] = Column(title="ZONE", cell=lambda one, eye: (one.timezone, Tone.DIM), width=13, keep=3)
JOB: Column[ScheduleReport] = Column(title="JOB", cell=lambda one, eye: (one.job, Tone.DIM), width=14, grow=1, keep=2)
NEXT: Column[ScheduleReport] = Column(title="NEXT", cell=due, width=11)
LAST: Column[ScheduleReport] = Column(title="LAST", cell=outcome, width=11, keep=6)
RUNS_STRIP: Column[ScheduleReport] = Column(title="LAST 20 RUNS", cell=strip, width=OUTCOMES, right=True, keep=8)
NOTE: Column[ScheduleReport] = Column(title="NOTE", cell=note, width=20, grow=6, keep=5)


def columns(schedules: Sequence[ScheduleReport]) -> tuple[Column[ScheduleReport], ...]:
    """Those that have something to say about one of them."""
    return tuple(_columns(schedules))


def _columns(schedules: Sequence[ScheduleReport]) -> Iterator[Column[ScheduleReport]]:
    name = max((len(one.name) for one in schedules), default=0)
    said = max((len(one.description.removesuffix(f", {one.timezone}")) for one in schedules), default=0)
    yield replace(NAME, width=max(NAME.width, min(LONGEST_NAME, name)))
    yield NEXT
    yield replace(WHEN, width=max(WHEN.width, min(LONGEST_WORDS, said)))
    yield CRON
    if any(one.timezone != "UTC" for one in schedules):
        yield ZONE
    if any(one.job != one.name for one in schedules):
        yield JOB
    yield from (LAST, RUNS_STRIP)
    if any(one.paused_at is not None or not one.enabled for one in schedules):
        yield NOTE


def searched(schedule: ScheduleReport) -> str:
    """What a word is looked for in: its name, job, expression and state, in small letters."""
    standing = "disabled" if not schedule.enabled else "paused" if schedule.paused_at is not None else ""
    last = schedule.last.state.value if schedule.last else ""
    return f"{schedule.name} {schedule.job} {expression(schedule)} {standing} {last}".lower()
