"""Leases: renewed while they last, never again once lost, and inherited only by those who may."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from support.rows import SECOND, expired, node

from jobd.store import nodes
from jobd.store.nodes import Identity, await_release


def identity(**more) -> Identity:
    base = {"name": "n", "host": "h", "pid": 1, "home": "home", "version": "0", "workers": 1, "direct": True}
    return Identity(lease=15 * SECOND, **(base | more))


async def connected(url: str):
    return await asyncpg.connect(url, server_settings={"search_path": "jobd"})


@pytest.fixture
async def session(migrated_url):
    connection = await connected(migrated_url)
    yield connection
    connection.terminate()


async def test_a_lease_is_renewed_by_a_beat_and_tells_postgres_clock(store, session):
    joined = await nodes.join(session, identity())
    await store.database.execute("update jobd.nodes set lease_until = now() + interval '1 s'")
    assert await nodes.beat(session, joined, 15 * SECOND, "running", direct=True) is not None
    left = await store.database.fetchval("select lease_until - now() from jobd.nodes")
    assert left > timedelta(seconds=10)


async def test_a_lease_that_has_ended_is_never_renewed(store, session):
    joined = await nodes.join(session, identity())
    await expired(store, joined)
    assert await nodes.beat(session, joined, 15 * SECOND, "running", direct=True) is None
    await store.database.execute("update jobd.nodes set lease_until = now() + interval '1 h', lost = true")
    assert await nodes.beat(session, joined, 15 * SECOND, "running", direct=True) is None


async def test_a_successor_at_home_takes_over_at_once_but_not_from_one_that_lives(store, migrated_url):
    dead, living = [await connected(migrated_url) for _ in range(2)]
    earlier = await nodes.join(dead, identity())
    copied = await nodes.join(living, identity())
    other = await nodes.join(living, identity(home="elsewhere"))
    successor = await node(store, home="home")
    await dead.close()
    assert await store.nodes.succeed("home", successor) == [earlier]
    alive = await store.database.fetch("select id from jobd.nodes where not lost order by id")
    assert [row["id"] for row in alive] == [copied, other, successor]
    await living.close()


async def test_behind_a_pooler_the_lock_at_home_alone_decides(store):
    earlier, successor = await node(store), await node(store)
    assert await store.nodes.succeed("home", successor) == [earlier]


async def test_neighbours_stand_in_a_ring_so_that_each_is_watched_by_one(store):
    ring = [await node(store, direct=True) for _ in range(4)]
    pooled, gone = await node(store), await node(store, direct=True)
    await store.nodes.leave(gone)
    watched = [(await store.nodes.neighbour(one))[0] for one in ring]
    assert sorted(watched) == ring and all(a != b for a, b in zip(ring, watched, strict=True))
    assert (await store.nodes.neighbour(pooled))[0] in ring


async def test_a_node_alone_has_no_neighbour(store):
    assert await store.nodes.neighbour(await node(store, direct=True)) is None


async def test_the_end_of_a_session_is_heard_within_a_moment_and_its_life_is_not(store, session, migrated_url):
    dying = await connected(migrated_url)
    joined = await nodes.join(dying, identity())
    key = (await store.nodes.neighbour(0))[1]
    watch = store.nodes.watch()
    try:
        assert not await await_release(watch, key, 0.2)
        waiting = asyncio.create_task(await_release(watch, key, 20))
        waits = "select 1 from pg_stat_activity where application_name = 'jobd watch' and state = 'active'"
        while not await store.database.fetch(waits):
            await asyncio.sleep(0)
        dying.terminate()
        async with asyncio.timeout(2):
            assert await waiting
    finally:
        await watch.close()
    assert joined


async def test_the_wait_for_a_neighbour_does_not_hold_back_vacuum(store, migrated_url):
    living = await connected(migrated_url)
    await nodes.join(living, identity())
    key = (await store.nodes.neighbour(0))[1]
    watch = store.nodes.watch()
    waiting = asyncio.create_task(await_release(watch, key, 1.0))
    pinned = "select backend_xmin::text::bigint from pg_stat_activity where application_name = 'jobd watch'"
    horizons = set()
    while not waiting.done():
        await node(store)  # a transaction of somebody else
        horizons.add(await store.database.fetchval(pinned))
    assert len(horizons - {None}) >= 5  # one long snapshot would show one and the same
    assert not await waiting
    await watch.close()
    await living.close()


async def test_a_silent_node_is_declared_dead_and_one_that_beat_again_is_not(store, session):
    silent, beating = [await nodes.join(session, identity()) for _ in range(2)]
    beats = {one: await store.nodes.last_beat(one) for one in (silent, beating)}
    await nodes.beat(session, beating, 15 * SECOND, "running", direct=True)
    assert not await store.nodes.mark_silent(beating, beats[beating])
    assert await store.nodes.mark_silent(silent, beats[silent])
    assert not await store.nodes.mark_silent(silent, beats[silent])
    assert await store.nodes.last_beat(silent) is None


async def test_nodes_that_are_gone_for_a_week_are_forgotten(store):
    old, young, alive = [await node(store) for _ in range(3)]
    await store.database.execute("update jobd.nodes set lost = true where id <> $1", alive)
    await store.database.execute("update jobd.nodes set beat_at = now() - interval '8 days' where id <> $1", young)
    await store.nodes.forget()
    assert [row["id"] for row in await store.database.fetch("select id from jobd.nodes order by id")] == [young, alive]
    assert old
