"""`ctx.transaction()`: a job's rows and its run's end commit together, wherever between them the daemon is killed."""

from __future__ import annotations

import signal

import pytest
from support.daemons import processes
from support.steps import AFTER, AFTER_LAST_ROW, AT_COMMIT, BEFORE, EFFECTS, ROWS, gate
from support.waiting import until

JOBS = """
[jobs.steps]
run = "support.steps:steps"
"""
WHOLE = list(range(1, ROWS + 1))


async def ended_once(life, run: int) -> tuple[int, list[int]]:
    """The attempt that history names and those that left rows; there is one ending and one whole set of rows."""
    await until(lambda: life.ended(run), 15, "the end of the run")
    history = await life.db.fetch("select * from jobd.history where id = $1", run)
    assert [(row["state"], row["items_done"], row["result"]) for row in history] == [("succeeded", ROWS, None)]
    assert await life.db.fetchval("select count(*) from jobd.runs") == 0
    rows = await life.db.fetch("select n, attempt from effects where run = $1 order by n", run)
    assert [row["n"] for row in rows] == WHOLE
    return history[0]["attempt"], sorted({row["attempt"] for row in rows})


@pytest.mark.parametrize("place", range(BEFORE, AFTER_LAST_ROW + 1))
async def test_a_daemon_killed_between_two_statements_leaves_nothing_and_the_next_boot_does_all(life, tmp_path, place):
    await life.db.execute(EFFECTS)
    async with processes(tmp_path, life.url, 1, JOBS) as (daemon,):
        await daemon.start()
        async with gate(life.url, place) as here:
            run = await daemon.add("steps")
            await here.reached()
            await daemon.kill()
        await daemon.start()
        assert await ended_once(life, run) == (2, [2])
        assert await daemon.stop() == 0


@pytest.mark.parametrize("comes_through", [True, False], ids=["comes through", "is rolled back"])
async def test_a_daemon_killed_during_the_commit_has_done_it_once_however_that_ends(life, tmp_path, comes_through):
    """The next boot is there while the commit is still under way: it must neither wait for it nor run the job again."""
    await life.db.execute(EFFECTS)
    async with processes(tmp_path, life.url, 1, JOBS) as (daemon,):
        await daemon.start()
        async with gate(life.url, AT_COMMIT) as here:
            run = await daemon.add("steps")
            backend = await here.reached()
            await daemon.kill()
            await daemon.start()
            assert await life.state(run) == "running", "the commit was not waited for"
            if not comes_through:
                await here.end_waiting(backend)
        attempt = 1 if comes_through else 2
        assert await ended_once(life, run) == (attempt, [attempt])
        assert await daemon.stop() == 0


async def test_a_daemon_killed_after_the_commit_does_not_begin_again(life, tmp_path):
    await life.db.execute(EFFECTS)
    async with processes(tmp_path, life.url, 1, JOBS) as (daemon,):
        await daemon.start()
        async with gate(life.url, AFTER) as here:
            run = await daemon.add("steps")
            await here.reached()
            assert await life.state(run) == "succeeded"  # it has ended, although its function has not returned yet
            await daemon.kill()
        await daemon.start()
        later = await daemon.add("steps")
        await until(lambda: life.ended(later), 15)
        assert await ended_once(life, run) == (1, [1])
        assert await daemon.stop() == 0


async def test_a_node_that_was_frozen_inside_the_block_until_its_lease_was_lost_commits_nothing(life, tmp_path):
    await life.db.execute(EFFECTS)
    async with processes(tmp_path, life.url, 2, JOBS, lease="5s") as (frozen, other):
        await frozen.start()
        async with gate(life.url, 2) as here:
            run = await frozen.add("steps")
            await here.reached()
            frozen.signal(signal.SIGSTOP)
            await other.start()
            await until(lambda: attempted(life, run, 2), 15, "the second attempt")
        assert await ended_once(life, run) == (2, [2])
        frozen.signal(signal.SIGCONT)
        await until(lambda: "lease lost" in frozen.log() or "result dropped" in frozen.log(), 15)
        await until(frozen.joined, 15)  # under a new id
        assert await ended_once(life, run) == (2, [2])
        assert await frozen.stop() == 0 and await other.stop() == 0


async def attempted(life, run: int, attempt: int) -> bool:
    return await life.db.fetchval("select attempt >= $2 from jobd.runs where id = $1", run, attempt)


async def test_a_lease_that_is_taken_inside_the_block_lets_nothing_commit(life, tmp_path):
    """The block's own last statement refuses, before the node has noticed anything."""
    await life.db.execute(EFFECTS)
    async with processes(tmp_path, life.url, 1, JOBS) as (daemon,):
        await daemon.start()
        async with gate(life.url, AFTER_LAST_ROW) as here:
            run = await daemon.add("steps")
            await here.reached()
            taken = "update jobd.runs set attempt = attempt + 1 where id = $1 and state = 'running'"
            await life.db.execute(taken, run)  # as a rescue and a claim by somebody else leave it
        await until(lambda: "no longer held by this node" in daemon.log(), 10, "the refusal")
        assert await life.db.fetchval("select count(*) from effects") == 0
        assert await life.state(run) == "running" and await life.ended(run) is None
        await daemon.kill()
        await daemon.start()
        assert await ended_once(life, run) == (3, [3])
        assert await daemon.stop() == 0
