"""What jobd.toml says becomes rows, each owned by the name that loaded it, and cursors outlive a deploy."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from support.rows import loaded

from jobd.model.change import Actor
from jobd.model.job import Job
from jobd.model.schedule import Schedule

ME = Actor(name="uid:0 (jobd adopt)", uid=0)


def job(name: str, **more) -> Job:
    return Job(name=name, command=("true",), **more)


def every(name: str, length: timedelta = timedelta(hours=1), **more) -> Schedule:
    return Schedule(name=name, job="job", every=length, **more)


async def names(store, table: str) -> list[str]:
    return [row["name"] for row in await store.database.fetch(f"select name from jobd.{table} order by name")]


async def row(store, name: str):
    return await store.database.fetchrow("select * from jobd.schedules where name = $1", name)


async def test_a_load_removes_its_own_names_rows_and_leaves_those_of_others(store):
    await loaded(store, job("job"), job("mine"), schedules=[every("a"), every("b")], owner="one")
    await loaded(store, job("job"), job("theirs"), schedules=[every("c")], owner="two")
    await loaded(store, job("job"), schedules=[every("a")], owner="one")
    assert await names(store, "jobs") == ["job", "theirs"]
    assert await names(store, "schedules") == ["a", "c"]


async def test_several_nodes_may_load_the_same_file_at_once(store):
    files = ([job(f"j{n}") for n in range(20)] + [job("job")] for _ in range(8))
    schedules = [every(f"s{n}") for n in range(20)]
    await asyncio.gather(*(loaded(store, *jobs, schedules=schedules) for jobs in files))
    assert len(await names(store, "jobs")) == 21 and len(await names(store, "schedules")) == 20


async def test_an_unchanged_schedule_keeps_its_cursor_over_a_deploy(store):
    await loaded(store, job("job"), schedules=[every("s")])
    await store.database.execute("update jobd.schedules set next_slot = next_slot - interval '3 hours'")
    before = await row(store, "s")
    await loaded(store, job("job"), schedules=[every("s")])
    after = await row(store, "s")
    assert (after["next_slot"], after["version"]) == (before["next_slot"], before["version"])


async def test_a_changed_schedule_starts_anew_under_a_new_version(store):
    await loaded(store, job("job"), schedules=[every("s")])
    before = await row(store, "s")
    await loaded(store, job("job"), schedules=[every("s", timedelta(days=1))])
    after = await row(store, "s")
    assert after["version"] == before["version"] + 1
    assert after["next_slot"] > before["next_slot"] or after["next_slot"].hour == 0


@pytest.mark.parametrize("switched", ["off and on", "time zone data"])
async def test_a_schedule_that_fires_once_does_not_fire_again_when_it_is_loaded_again(store, switched):
    at = datetime.now(UTC) - timedelta(minutes=5)
    once = Schedule(name="once", job="job", at=at)
    await loaded(store, job("job"), schedules=[once])
    await store.database.execute("update jobd.schedules set last_slot = next_slot, next_slot = null")
    if switched == "off and on":
        await loaded(store, job("job"), schedules=[Schedule(name="once", job="job", at=at, enabled=False)])
        await loaded(store, job("job"), schedules=[once])
    else:
        await store.jobs.load("test", [job("job")], [], [once], disabled={}, tzdata="2")
    assert (await row(store, "once"))["next_slot"] is None


async def test_a_schedule_whose_job_is_disabled_says_why_and_goes_on_later(store):
    await store.jobs.load("test", [job("job")], [], [every("s")], disabled={"job": "no table t"}, tzdata="1")
    disabled = await row(store, "s")
    assert (disabled["enabled"], disabled["disabled_reason"]) == (False, "no table t")
    await store.database.execute("update jobd.schedules set next_slot = now() - interval '2 days'")
    await loaded(store, job("job"), schedules=[every("s")])
    enabled = await row(store, "s")
    assert enabled["enabled"] and enabled["disabled_reason"] is None
    assert enabled["next_slot"] > datetime.now(UTC)  # what was due while it could not run is nobody's debt


async def test_the_first_daemon_writes_down_which_copy_this_is(store):
    assert (await store.jobs.copy("production")).mismatch("production") is None
    assert (await store.jobs.copy("production")).mismatch("production") is None


async def test_daemons_that_start_at_the_same_instant_agree_on_the_copy(store):
    for _ in range(10):
        await store.database.execute("delete from jobd.meta")
        copies = await asyncio.gather(*(store.jobs.copy("production") for _ in range(6)))
        assert {copy.mismatch("production") for copy in copies} == {None}


@pytest.mark.parametrize(
    ("change", "environment", "says"),
    [
        ("update jobd.meta set system_identifier = 1", "production", "server is another one"),
        ("update jobd.meta set database = 'app'", "production", '"app"'),
        ("select 1", "development", '"production"'),
    ],
    ids=["another server", "another database", "another environment"],
)
async def test_a_copy_is_told_from_the_one_that_jobd_worked_on_until_it_is_adopted(store, change, environment, says):
    await store.jobs.copy("production")
    await store.database.execute(change)
    assert says in str((await store.jobs.copy(environment)).mismatch(environment))
    await store.jobs.adopt(environment, ME, "moved house")
    assert (await store.jobs.copy(environment)).mismatch(environment) is None


async def test_an_adoption_stands_in_the_journal_with_what_was_known_and_what_is(store):
    await store.jobs.adopt("staging", ME)
    assert await store.database.fetch("select * from jobd.audit") == [], "there was nothing to adopt yet"
    await store.jobs.copy("production")
    await store.jobs.adopt("staging", ME, "moved house")
    line = await store.database.fetchrow(
        "select actor, action, target, reason, before ->> 'environment', after ->> 'environment',"
        " before ->> 'system' = after ->> 'system' from jobd.audit"
    )
    name = await store.database.fetchval("select current_database()")
    assert tuple(line) == (ME.name, "database.adopt", name, "moved house", "production", "staging", True)


async def test_missing_tables_are_named(store):
    assert await store.jobs.missing_tables("jobd", ["runs", "Odd name", "gone"]) == {"Odd name", "gone"}
    assert await store.jobs.missing_tables("nowhere", ["runs"]) == {"runs"}
