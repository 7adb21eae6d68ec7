"""Schedules: as they stand, when they fire, and what can be done to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask, new_id, place, query, reader, removed, told
from jobd.client.asks.reload import RELOAD_SECONDS
from jobd.model.change import AuditEntry
from jobd.model.reload import ConfigChanges
from jobd.model.reports import NextSlots, ScheduleReport


def listed(outcomes: int | None = None) -> Ask[list[ScheduleReport]]:
    """All schedules by name; with the last `outcomes` runs of each (at most 20) where they are asked for."""
    return ask.listed(ScheduleReport, query("/v1/schedules", outcomes=outcomes), "schedules")


def one(name: str, outcomes: int | None = None) -> Ask[ScheduleReport]:
    """The schedule of that name."""
    return ask.shown(ScheduleReport, query(place("schedules", name), outcomes=outcomes))


def next(name: str, n: int = 5) -> Ask[NextSlots]:
    """In words when it fires, and its next `n` slots."""
    return ask.shown(NextSlots, query(f"{place('schedules', name)}/next", n=n))


def pause(name: str, *, reason: str | None = None, lasts: str | None = None) -> Ask[AuditEntry]:
    """The change. `lasts` is like `30m`; without it the pause ends when somebody resumes."""
    return told(f"{place('schedules', name)}/pause", {"reason": reason, "for": lasts}, reader(AuditEntry))


def resume(name: str, reason: str | None = None) -> Ask[AuditEntry]:
    """The change; it goes on with its next slot from now."""
    return told(f"{place('schedules', name)}/resume", {"reason": reason}, reader(AuditEntry))


def trigger(name: str, reason: str | None = None) -> Ask[int]:
    """A run with the schedule's arguments now: its id."""
    return told(f"{place('schedules', name)}/trigger", {"reason": reason}, new_id)


def add(name: str, table: Mapping[str, Any], reason: str | None = None) -> Ask[ConfigChanges]:
    """What the reload changed that took over `[schedules.NAME]` in jobd.d/schedules.toml, where nothing was before.

    `table` is as jobd.toml takes it: `job`, one of `cron`, `every` and `at`, `timezone`, `args`, …
    """
    return told(place("schedules", name), {**table, "reason": reason}, reader(ConfigChanges), patience=RELOAD_SECONDS)


def remove(name: str, reason: str | None = None) -> Ask[ConfigChanges]:
    """What the reload changed that took it out of jobd.d/schedules.toml; runs of it that wait stay."""
    return removed(place("schedules", name), reason, reader(ConfigChanges), patience=RELOAD_SECONDS)
