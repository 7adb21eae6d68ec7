"""The lease: kept alive through trouble, given up in time, and never held against the node that lives."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from support import nodes
from support.nodes import live_row
from support.proxy import proxied
from support.rows import expired
from support.waiting import until

import jobd
from jobd.errors import StoreRefused, StoreUnavailable
from jobd.model.settings import AppSettings, DatabaseSettings
from jobd.store import nodes as rows
from jobd.store.store import open_store

WAITS = """
[jobs.waits]
run = "support.jobs:waits"
[jobs.stubborn]
run = "support.jobs:stubborn"
[jobs.nothing]
run = "support.jobs:nothing"
"""
LEASE = timedelta(seconds=1.5)


async def leases(store) -> dict[int, bool]:
    """Node → whether it is lost."""
    return {row["id"]: row["lost"] for row in await store.database.fetch("select id, lost from jobd.nodes")}


@pytest.fixture
async def wire(migrated_url):
    async with proxied(migrated_url) as proxy:
        yield proxy


@contextlib.asynccontextmanager
async def store_on(url):
    settings = DatabaseSettings(url=url, statement_timeout=timedelta(seconds=5))
    async with open_store(url, settings, AppSettings()) as opened:
        yield opened


async def test_the_lease_is_renewed_for_as_long_as_the_node_lives(alive, store):
    async with alive(lease=timedelta(seconds=0.6)) as live:
        before = live.node.heartbeat.beats
        await until(lambda: live.node.heartbeat.beats >= before + 6)
        assert live.node.heartbeat.trusted and not live.node.lost.is_set()
        assert abs(live.node.heartbeat.skew_seconds) < 1
    assert await leases(store) == {live.node.id: True}
    assert await store.database.fetchval("select left_at is not null from jobd.nodes")


async def test_a_job_that_holds_up_the_loop_longer_than_the_lease_does_not_lose_it(alive):
    async with alive('[jobs.blocks]\nrun = "support.jobs:blocks"', lease=timedelta(seconds=0.6)) as live:
        row = await live.until_ended(await live.add("blocks", seconds=1.5))
        assert (row["state"], row["attempt"]) == ("succeeded", 1)
        assert not live.node.lost.is_set()


async def test_a_beat_tells_how_long_the_loop_kept_things_waiting(alive, store):
    async def lag() -> float:
        return await store.database.fetchval("select lag_ms from jobd.nodes") or 0.0

    async with alive('[jobs.blocks]\nrun = "support.jobs:blocks"', lease=timedelta(seconds=0.6)) as live:
        await live.until_ended(await live.add("blocks", seconds=1.0))
        told = await until(lag)
        while told < 700:  # a part of the second may have been one tick's pause
            told = await until(lag)
        assert told < 5_000


async def test_a_stolen_lease_ends_the_attempts_and_their_results_do_not_count(alive, store):
    async with alive(WAITS, lease=LEASE) as live:
        run = await live.add("waits")
        await live.until_running(run)
        await expired(store, live.node.id)
        async with asyncio.timeout(3):
            await live.node.lost.wait()
        await until(lambda: not live.node.workers.under_way)
        assert (await live_row(store, run))["state"] == "running"  # the rescue's to decide
    assert (await live_row(store, run))["node"] == live.node.id


async def test_when_postgres_is_out_of_reach_the_attempts_end_before_the_lease_does(store, wire, tmp_path):
    async with store_on(wire.url) as far, nodes.alive(far, WAITS, directory=tmp_path, lease=LEASE) as live:
        run = await live.add("waits")
        await live.until_running(run)
        wire.freeze()
        async with asyncio.timeout(5):
            await live.node.lost.wait()
        ended = await until(lambda: not live.node.workers.under_way and "ended", 1)
        left = await store.database.fetchval("select lease_until - now() from jobd.nodes where id = $1", live.node.id)
        assert ended and left > timedelta(0)
        wire.cut()


async def test_a_wire_that_is_cut_for_a_moment_costs_a_beat_and_no_lease(store, wire, tmp_path):
    async with (
        store_on(wire.url) as far,
        nodes.alive(far, WAITS, directory=tmp_path, lease=timedelta(seconds=3)) as live,
    ):
        run = await live.add("waits", seconds=1.0)
        await live.until_running(run)
        before = live.node.heartbeat.beats
        wire.cut()
        wire.mend()
        await until(lambda: live.node.heartbeat.beats > before, 2)
        row = await live.until_ended(run)
        assert (row["state"], row["attempt"]) == ("succeeded", 1)


async def test_a_node_whose_old_session_the_server_still_believes_in_beats_on_a_new_one(alive, store, migrated_url):
    """The lock is taken elsewhere, as a half-dead session would have it until the server's keep-alive ends."""
    async with alive(lease=timedelta(seconds=3)) as live:
        key = await store.database.fetchval("select jobd.lock_key($1)", live.node.id)
        ghost = store.database.link("ghost")
        try:
            waits = asyncio.create_task(ghost.fetch("select pg_advisory_lock($1)", key))
            await until(lambda: store.database.fetchval("select count(*) from pg_locks where not granted"))
            before = live.node.heartbeat.beats
            await kill_heartbeat(store)
            await waits
            await until(lambda: live.node.heartbeat.beats >= before + 3, 6)
            assert await leases(store) == {live.node.id: False}
            assert await store.database.fetchval("select direct from jobd.nodes") is False
            await ghost.close()
            await until(lambda: store.database.fetchval("select direct from jobd.nodes"), 4)
        finally:
            await ghost.close()


async def kill_heartbeat(store) -> None:
    await store.database.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'jobd heartbeat'"
        " and datname = current_database()"
    )


async def test_a_node_that_only_lost_its_heartbeat_connection_is_not_taken_for_dead(alive, store, tmp_path):
    async with (
        alive(lease=timedelta(seconds=15)) as one,
        nodes.alive(store, directory=tmp_path / "other", lease=timedelta(seconds=15)) as other,
    ):
        await until(lambda: watching(store, 2))
        beats = [live.node.heartbeat.beats for live in (one, other)]
        await kill_heartbeat(store)
        await until(lambda: one.node.heartbeat.beats > beats[0] and other.node.heartbeat.beats > beats[1], 1.5)
        # the watchers had heard of it: they give two seconds and then look at the beats
        await until(lambda: watching(store, 2), 5)
        assert set((await leases(store)).values()) == {False}


async def watching(store, count: int) -> bool:
    """Whether so many nodes wait for the end of a neighbour right now."""
    return count == await store.database.fetchval(
        "select count(*) from pg_stat_activity where application_name = 'jobd watch' and state = 'active'"
        " and datname = current_database() and wait_event = 'PgSleep'"
    )


async def test_a_dead_neighbour_is_noticed_within_three_seconds_and_its_run_goes_on(alive, store):
    async with alive(WAITS) as live:
        ghost = store.database.link("ghost")
        try:
            async with ghost.use() as session:
                dead = await rows.join(session, live.node.heartbeat._identity)
            run = await store.database.fetchval(
                "insert into jobd.runs (job, queue, source, state, node, attempt, claimed_at, started_at)"
                " values ('nothing', 'default', 'test', 'running', $1, 1, now(), now()) returning id", dead,
            )  # fmt: skip
            await until(lambda: watching(store, 1), 3)
        finally:
            await ghost.close()
        await until(lambda: is_lost(store, dead), 3)
        row = await live.until_ended(run, 2)
        assert (row["state"], row["attempt"], row["crashes"]) == ("succeeded", 2, 1)


async def is_lost(store, node: int) -> bool:
    return (await leases(store))[node]


async def test_a_node_cannot_join_while_postgres_is_away_and_says_so(wire, store, tmp_path):
    async with store_on(wire.url) as far:
        live = None
        with pytest.raises(StoreUnavailable):
            async with nodes.joining(far, directory=tmp_path) as live:
                wire.cut()
                async with live.node._joined():
                    raise AssertionError("joined")


async def test_a_database_that_is_gone_is_refused_instead_of_waited_for(store, tmp_path):
    async with nodes.joining(store, directory=tmp_path) as live:
        live.node.heartbeat._url = store.database.url.replace("/jobd_test_", "/gone_test_")
        with pytest.raises(StoreRefused, match="does not exist"):
            async with live.node._joined():
                raise AssertionError("joined")


STANDS_STILL = """
import asyncio, sys, time
import jobd.engine.heartbeat as heartbeat
from jobd.cli.run import serve_config
from jobd.config import examine
from pathlib import Path

heartbeat.STANDSTILL_SECONDS = 1.0
sys.exit(serve_config(examine(Path(sys.argv[1]))))
"""


async def test_a_process_whose_main_loop_stands_still_ends_itself_with_all_stacks(migrated_url, store, tmp_path):
    config = tmp_path / "jobd.toml"
    config.write_text(
        f'[daemon]\nname = "still"\nlease = "5s"\nstate_directory = "{tmp_path}/state"\n'
        f'[database]\nurl = "{migrated_url}"\n'
        '[queues]\ndefault = {}\n[jobs.blocks]\nrun = "support.jobs:blocks"\nevery = "1s"\nargs = { seconds = 30 }\n'
    )
    config.chmod(0o600)
    places = [str(Path(jobd.__file__).parents[1]), str(Path(nodes.__file__).parents[1])]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STANDS_STILL, str(config), stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
    )  # fmt: skip
    async with asyncio.timeout(20):
        _, said = await process.communicate()
    assert process.returncode == 70
    assert b"main loop stands still" in said and b"in blocks" in said
