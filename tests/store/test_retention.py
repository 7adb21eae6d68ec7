"""What is old goes, by the age of its state; what is to come has its partitions already."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from jobd.model.settings import KeepSettings

KEEP = KeepSettings(
    succeeded=timedelta(days=1), failed=timedelta(days=3), cancelled=timedelta(days=2), skipped=timedelta(days=1),
    audit=timedelta(days=365), bulk=timedelta(days=30),
)  # fmt: skip


async def partitions(store, parent: str = "history") -> set[str]:
    rows = await store.database.fetch(
        "select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::text::regclass",
        f"jobd.{parent}",
    )
    return {row["name"].split(".")[-1] for row in rows}


def day(offset: int) -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=offset)


async def with_day(store, offset: int, parent: str = "history") -> str:
    """The partition of a day, made unless it is there."""
    name = f"{parent}_{day(offset):%Y%m%d}"
    await store.database.execute(
        f"create table if not exists jobd.{name} partition of jobd.{parent} "
        f"for values from ('{day(offset)}') to ('{day(offset + 1)}')"
    )
    return name


async def ended(store, state: str, days: float) -> None:
    await with_day(store, -int(days + 1))
    await with_day(store, -int(days))
    await store.database.execute(
        "insert into jobd.history (id, finished_at, created_at, due_at, attempt, priority, state, job, queue, source)"
        " values (nextval('jobd.run_ids'), now() - $2 * interval '1 day', now(), now(), 1, 0, $1, 'job', 'q', 's')",
        state, days,
    )  # fmt: skip


async def left(store) -> list[str]:
    return [row["state"] for row in await store.database.fetch("select state from jobd.history order by state")]


async def test_the_next_fortnight_has_its_partitions_and_making_them_again_changes_nothing(store):
    await store.database.execute(f"drop table jobd.history_{day(9):%Y%m%d}")
    assert await store.retention.make_partitions()
    wanted = {f"history_{day(n):%Y%m%d}" for n in range(-1, 15)}
    assert wanted <= await partitions(store)
    assert await store.retention.make_partitions()
    assert {f"attempts_{day(n):%Y%m%d}" for n in range(-1, 15)} <= await partitions(store, "attempts")


async def test_two_nodes_may_make_partitions_at_once(store):
    await store.database.execute(f"drop table jobd.history_{day(8):%Y%m%d}")
    await asyncio.gather(*(store.retention.make_partitions() for _ in range(4)))
    assert await store.retention.make_partitions()
    assert f"history_{day(8):%Y%m%d}" in await partitions(store)


async def test_a_reader_in_the_way_makes_it_give_up_soon_and_try_again_later(store):
    await store.database.execute(f"drop table jobd.history_{day(7):%Y%m%d}")
    async with store.database.transaction() as reader:
        await reader.execute("lock table jobd.history in access exclusive mode")
        async with asyncio.timeout(2):
            assert not await store.retention.make_partitions()
    assert await store.retention.make_partitions()


async def test_each_state_is_kept_as_long_as_its_own_age(store):
    for state in ("succeeded", "failed", "cancelled", "skipped"):
        for days in (0.5, 1.5, 2.5, 3.5):
            await ended(store, state, days)
    while await store.retention.delete_ended(KEEP):
        pass
    assert await left(store) == ["cancelled"] * 2 + ["failed"] * 3 + ["skipped", "succeeded"]


async def test_a_partition_in_which_everything_is_too_old_is_dropped_whole(store):
    old = {await with_day(store, -9), await with_day(store, -9, "attempts")}
    young = await with_day(store, -2)
    assert await store.retention.drop_partitions(KEEP)
    there = await partitions(store) | await partitions(store, "attempts")
    assert young in there and not old & there


async def test_expired_keys_go_and_others_stay(store):
    await store.database.execute(
        "insert into jobd.keys (job, key, run_id, expires_at) values ('job', 'old', 1, now() - interval '1 s'),"
        " ('job', 'young', 2, now() + interval '1 h'), ('job', 'until ended', 3, null)"
    )
    assert await store.retention.delete_keys() == 1
    assert [row["key"] for row in await store.database.fetch("select key from jobd.keys order by key")] == [
        "until ended", "young",
    ]  # fmt: skip


async def test_lines_of_the_journal_go_at_their_age(store):
    await store.database.execute(
        "insert into jobd.audit (at, actor, uid, action, target) select now() - n * interval '1 day', 'uid:0', 0,"
        " 'queue.pause', n::text from unnest(array[0, 364, 366, 800]) n"
    )
    assert await store.retention.delete_audit(KEEP) == 2
    assert await store.retention.delete_audit(KEEP) == 0
    assert [row["target"] for row in await store.database.fetch("select target from jobd.audit order by at")] == [
        "364", "0",
    ]  # fmt: skip


async def test_bulks_that_are_over_go_at_their_age_and_one_that_goes_on_stays(store):
    await store.database.execute(
        "insert into jobd.bulk (action, filter, source, state, expected, matched, created_at, finished_at)"
        " select 'retry', name, 'api uid:0', state, 1, 1, now() - interval '90 days', now() - age::interval"
        " from (values ('young', 'done', '29 days'), ('old', 'done', '31 days'), ('stopped', 'cancelled', '31 days'),"
        " ('broken', 'failed', '31 days'), ('goes on', 'running', null)) as b(name, state, age)"
    )
    assert await store.retention.delete_bulks(KEEP) == 3
    assert await store.retention.delete_bulks(KEEP) == 0
    assert {row["filter"] for row in await store.database.fetch("select filter from jobd.bulk")} == {"young", "goes on"}
