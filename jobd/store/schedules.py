"""Schedules in Postgres: the rows that nodes fire from, each with a durable cursor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobd.model.schedule import Schedule
from jobd.statements import statements
from jobd.store.database import Database

sql = statements("jobd.store.sql", "schedules")


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSchedule:
    """A schedule whose slot has come."""

    schedule: Schedule
    version: int
    next_slot: datetime
    """The cursor: the oldest slot that has not been dealt with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What is to become of one due schedule."""

    name: str
    version: int
    seen: datetime
    """The cursor as it was read; another node that moved it first wins."""
    slot: datetime | None
    """The slot to fire; None only moves the cursor on."""
    next: datetime | None
    """The next cursor; None when there is no further slot."""


def write_spec(schedule: Schedule) -> str:
    """What decides the slots, in one line; equal texts mean equal slots."""
    spec = {
        "cron": schedule.cron,
        "every": schedule.every.total_seconds() if schedule.every else None,
        "at": schedule.at.isoformat() if schedule.at else None,
        "timezone": schedule.timezone,
        "catch_up_window": schedule.catch_up_window.total_seconds(),
    }
    return json.dumps({key: value for key, value in spec.items() if value is not None}, sort_keys=True)


def read_spec(name: str, job: str, text: str) -> Schedule:
    """The schedule that `write_spec` wrote."""
    spec = json.loads(text)
    return Schedule(
        name=name,
        job=job,
        cron=spec.get("cron"),
        every=timedelta(seconds=spec["every"]) if "every" in spec else None,
        at=datetime.fromisoformat(spec["at"]) if "at" in spec else None,
        timezone=spec.get("timezone", "UTC"),
        catch_up_window=timedelta(seconds=spec["catch_up_window"]),
    )


class Schedules:
    """The schedules of this database, whoever loaded them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: dict[tuple[str, int], Schedule] = {}

    async def due(self, after: str, limit: int) -> tuple[list[DueSchedule], datetime | None]:
        """One page of schedules whose slot has come, by name, and Postgres' now."""
        rows = await self._database.fetch(sql.due, after, limit)
        found = [
            DueSchedule(
                schedule=self._schedule(row["name"], row["job"], row["version"], row["spec"]),
                version=row["version"],
                next_slot=row["next_slot"],
            )
            for row in rows
        ]
        return found, rows[0]["now"] if rows else None

    async def read_ahead(self, after: str, within: timedelta, limit: int) -> str | None:
        """Read one page of schedules due `within` so long, by name; its last name, None when it was the last."""
        rows = await self._database.fetch(sql.ahead, after, within, limit)
        for row in rows:
            schedule = self._schedule(row["name"], row["job"], row["version"], row["spec"])
            with suppress(ValueError):  # said when it is due
                schedule.next_after(row["next_slot"])
        return rows[-1]["name"] if len(rows) == limit else None

    def _schedule(self, name: str, job: str, version: int, spec: str) -> Schedule:
        if (schedule := self._read.get((name, version))) is None:
            if len(self._read) > 200_000:
                self._read.clear()
            try:
                schedule = read_spec(name, job, spec)
            except (ValueError, KeyError, TypeError, AttributeError):
                # no expression says less: whoever asks this one for its slots hears what stands there instead
                schedule = Schedule(name=name, job=job, cron=spec)
            self._read[name, version] = schedule
        return schedule

    async def fire(self, moves: Sequence[Move]) -> dict[str, str | None]:
        """Move cursors and add runs in one statement; schedule → queue of its new run (None: only moved).

        Exactly once over all nodes: a schedule that another node dealt with, or that was changed or paused
        meanwhile, is not in the answer. `moves` come sorted by name.
        """
        rows = await self._database.fetch(
            sql.fire,
            [move.name for move in moves],
            [move.version for move in moves],
            [move.seen for move in moves],
            [move.slot for move in moves],
            [move.next for move in moves],
        )
        moved: dict[str, str | None] = {row["name"]: None for row in rows}
        moved.update((row["name"], row["queue"]) for row in rows if row["queue"] is not None)
        return moved

    async def note_missed(self, missed: Sequence[tuple[str, datetime, str]]) -> None:
        """(schedule, last slot, reason): write down slots that were not fired."""
        names, slots, reasons = zip(*missed, strict=True)
        await self._database.execute(sql.missed, names, slots, reasons)

    async def disable(self, name: str, version: int, reason: str) -> None:
        """Take a schedule out of service that cannot be computed, so that it does not hold up the others."""
        await self._database.execute(sql.disable, name, version, reason)
