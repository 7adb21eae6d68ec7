"""The clock: every slot fires exactly once over all nodes, or is written down as missed, with the reason."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from support.rows import loaded

from jobd.engine.tick import judge, tick
from jobd.model.job import Job
from jobd.model.schedule import Schedule
from jobd.model.settings import AppSettings, DatabaseSettings
from jobd.store.schedules import DueSchedule
from jobd.store.store import open_store

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def hourly(**more) -> Schedule:
    return Schedule(name="s", job="job", cron="0 * * * *", **more)


def judged(schedule: Schedule, cursor: datetime, now: datetime):
    return judge(DueSchedule(schedule=schedule, version=1, next_slot=cursor), now)


@pytest.mark.parametrize(
    ("window", "late", "fires", "missed"),
    [
        (HOUR, timedelta(seconds=1), NOON, None),
        (HOUR, 59 * MINUTE, NOON, None),
        (HOUR, 90 * MINUTE, NOON + HOUR, "1 slot"),
        (HOUR, 30 * HOUR, NOON + 30 * HOUR, "30 slots"),
        (10 * MINUTE, 15 * MINUTE, None, "1 slot"),
        (10 * MINUTE, 2 * HOUR + 15 * MINUTE, None, "3 slots"),
        (timedelta(0), timedelta(seconds=3), NOON, None),
        (timedelta(0), MINUTE, None, "1 slot"),
    ],
)
def test_after_a_stop_the_latest_slot_fires_when_it_is_young_enough_and_the_rest_is_missed(window, late, fires, missed):
    move, note = judged(hourly(catch_up_window=window), NOON, NOON + late)
    assert move.slot == fires
    assert move.next == NOON + late.total_seconds() // 3600 * HOUR + HOUR
    assert (note is None) is (missed is None)
    if missed:
        assert f"missed {missed} from {NOON.isoformat()}" in note[2]


def test_a_stop_of_years_is_judged_at_once():
    move, note = judged(Schedule(name="s", job="job", cron="* * * * *"), NOON, NOON + timedelta(days=3650))
    assert move.slot == NOON + timedelta(days=3650) and "1000+ slots" in note[2]


def test_a_schedule_that_fires_once_has_no_next_slot():
    move, note = judged(Schedule(name="s", job="job", at=NOON), NOON, NOON + MINUTE)
    assert (move.slot, move.next, note) == (NOON, None, None)


async def runs_of(store) -> list[tuple[str, datetime]]:
    rows = await store.database.fetch("select schedule, slot from jobd.runs where slot is not null order by 1, 2")
    return [tuple(row) for row in rows]


async def due_since(store, length: str, where: str = "true") -> None:
    await store.database.execute(
        f"update jobd.schedules set next_slot = date_trunc('second', now()) - $1::text::interval where {where}", length
    )


@contextlib.asynccontextmanager
async def several(url: str, count: int):
    """As many stores as nodes would have."""
    async with contextlib.AsyncExitStack() as stack:
        settings = DatabaseSettings(url=url, connections=2)
        yield [await stack.enter_async_context(open_store(url, settings, AppSettings())) for _ in range(count)]


async def test_two_thousand_slots_fire_exactly_once_although_four_nodes_tick_at_the_same_time(store, migrated_url):
    schedules = [Schedule(name=f"s{n:04}", job="job", every=HOUR) for n in range(2000)]
    await loaded(store, Job(name="job", command=("true",)), schedules=schedules)
    await due_since(store, "1 second")
    async with several(migrated_url, 4) as nodes:
        fired = await asyncio.gather(*(tick(one.schedules, lambda queue: None) for one in nodes))
    assert sum(fired) == 2000
    found = await runs_of(store)
    assert [name for name, _ in found] == [one.name for one in schedules]
    assert await tick(store.schedules, lambda queue: None) == 0


async def test_a_slot_whose_run_has_ended_already_does_not_fire_again(store):
    await loaded(store, Job(name="job", command=("true",)), schedules=[Schedule(name="s", job="job", every=HOUR)])
    await due_since(store, "1 second")
    due, now = await store.schedules.due("", 10)
    move, _ = judge(due[0], now)
    assert await store.schedules.fire([move]) == {"s": "default"}
    await store.database.execute("delete from jobd.runs")
    assert await store.schedules.fire([move]) == {}


@pytest.mark.parametrize(
    "change",
    ["version = version + 1", "paused_at = now()", "enabled = false", "next_slot = next_slot + interval '1 h'"],
)
async def test_a_schedule_that_was_changed_since_it_was_read_does_not_fire(store, change):
    await loaded(store, Job(name="job", command=("true",)), schedules=[Schedule(name="s", job="job", every=HOUR)])
    await due_since(store, "1 second")
    due, now = await store.schedules.due("", 10)
    await store.database.execute(f"update jobd.schedules set {change}")
    assert await store.schedules.fire([judge(due[0], now)[0]]) == {}
    assert await runs_of(store) == []


async def test_a_slot_that_postgres_has_not_reached_does_not_fire(store):
    """Whatever the clock of a node's machine says."""
    await loaded(store, Job(name="job", command=("true",)), schedules=[Schedule(name="s", job="job", every=HOUR)])
    await due_since(store, "-2 seconds")
    assert await tick(store.schedules, lambda queue: None) == 0
    row = await store.database.fetchrow("select name, version, next_slot from jobd.schedules")
    one = DueSchedule(
        schedule=Schedule(name="s", job="job", every=HOUR), version=row["version"], next_slot=row["next_slot"]
    )
    move, _ = judge(one, row["next_slot"] + timedelta(seconds=1))  # a node that is three seconds ahead
    assert await store.schedules.fire([move]) == {}


@pytest.mark.parametrize(
    "spec",
    ["no json", "[]", '"text"', "null", '{"cron": "61 * * * *", "catch_up_window": 60}', '{"every": "x"}',
     '{"cron": "0 0 * * *", "timezone": "Nowhere/City", "catch_up_window": 60}'],
)  # fmt: skip
async def test_a_schedule_that_cannot_be_read_is_taken_out_and_does_not_stop_the_others(store, spec):
    names = ["a", "broken", "c"]
    schedules = [Schedule(name=name, job="job", every=HOUR) for name in names]
    await loaded(store, Job(name="job", command=("true",)), schedules=schedules)
    await due_since(store, "1 second")
    await store.database.execute(
        "update jobd.schedules set spec = $1, version = version + 1 where name = 'broken'", spec
    )
    assert await tick(store.schedules, lambda queue: None) == 2
    assert [name for name, _ in await runs_of(store)] == ["a", "c"]
    broken = await store.database.fetchrow("select * from jobd.schedules where name = 'broken'")
    assert broken["enabled"] is False and broken["disabled_reason"]


async def test_missed_slots_stand_in_history_with_the_reason(store):
    schedule = Schedule(name="s", job="job", every=MINUTE, catch_up_window=timedelta(seconds=30))
    await loaded(store, Job(name="job", command=("true",)), schedules=[schedule])
    await due_since(store, "5 hours", "name = 's'")
    await store.database.execute("update jobd.schedules set next_slot = date_trunc('minute', next_slot)")
    await tick(store.schedules, lambda queue: None)
    row = await store.database.fetchrow("select * from jobd.history")
    assert (row["state"], row["schedule"], row["job"]) == ("skipped", "s", "job")
    assert "slots from" in row["reason"]


async def test_a_run_carries_its_slot_its_arguments_and_who_asked(store):
    job = Job(name="job", command=("true",), args={"a": 1, "b": 1}, queue="low", priority=3)
    schedule = Schedule(name="s", job="job", every=HOUR, args={"b": 2})
    heard: list[str] = []
    await loaded(store, job, schedules=[schedule])
    await due_since(store, "1 second")
    assert await tick(store.schedules, heard.append) == 1
    row = await store.database.fetchrow("select r.*, s.last_slot, s.last_run from jobd.runs r, jobd.schedules s")
    assert (row["args"], row["queue"], row["priority"], row["source"]) == ('{"a": 1, "b": 2}', "low", 3, "schedule s")
    assert row["slot"] == row["due_at"] == row["last_slot"] and row["last_run"] == row["id"]
    assert heard == ["low"]
