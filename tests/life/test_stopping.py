"""SIGTERM drains, a second one hurries, a third exits; kill -9 is healed by the next boot."""

from __future__ import annotations

import asyncio
import signal

from support.daemons import processes
from support.waiting import until


async def running(life, run: int) -> bool:
    return await life.db.fetchval("select started_at is not null from jobd.runs where id = $1", run)


async def test_a_stop_lets_attempts_finish_and_leaves_nothing_behind(life, tmp_path):
    async with processes(tmp_path, life.url) as (daemon,):
        await daemon.start()
        run = await daemon.add("observed", seconds=1.0)
        await until(lambda: running(life, run))
        assert await daemon.stop() == 0
        assert await life.state(run) == "succeeded"
        assert await life.db.fetchval("select bool_and(lost and left_at is not null) from jobd.nodes")
        assert not daemon.socket.exists()
        assert "Traceback" not in daemon.log()


async def test_a_second_signal_hands_back_what_runs_without_spending_anything(life, tmp_path):
    async with processes(tmp_path, life.url) as (daemon,):
        await daemon.start()
        run = await daemon.add("waits")
        await until(lambda: running(life, run))
        daemon.signal(signal.SIGTERM)
        await until(lambda: "waiting for running attempts" in daemon.log())
        daemon.signal(signal.SIGTERM)
        assert await daemon.ended(5) == 0
        row = await life.db.fetchrow("select * from jobd.runs where id = $1", run)
        assert (row["state"], row["retries_left"], row["crashes"]) == ("queued", 3, 0)
        (tried,) = await life.db.fetch("select outcome from jobd.attempts where run_id = $1", run)
        assert tried["outcome"] == "interrupted"


async def test_a_third_signal_exits_although_a_job_ignores_everything(life, tmp_path):
    async with processes(tmp_path, life.url) as (daemon,):
        await daemon.start()
        run = await daemon.add("stubborn")
        await until(lambda: running(life, run))
        for said in ("waiting for running attempts", "stopping at once", "exiting"):
            daemon.signal(signal.SIGTERM)
            await until(lambda said=said: said in daemon.log())
        assert await daemon.ended(3) == 130


async def test_a_job_that_ignores_its_cancellation_does_not_keep_the_daemon_from_ending(life, tmp_path):
    async with processes(tmp_path, life.url) as (daemon,):
        await daemon.start()
        run = await daemon.add("stubborn")
        await until(lambda: running(life, run))
        daemon.signal(signal.SIGTERM)
        await until(lambda: "waiting for running attempts" in daemon.log())
        daemon.signal(signal.SIGTERM)
        assert await daemon.ended(10) == 0
        assert await life.state(run) == "queued"


async def test_a_signal_while_postgres_is_away_ends_the_daemon(life, tmp_path):
    from support.proxy import proxied

    async with proxied(life.url) as wire, processes(tmp_path, wire.url, observer=life.url) as (daemon,):
        await daemon.start()
        run = await daemon.add("waits")
        await until(lambda: running(life, run))
        wire.cut()
        daemon.signal(signal.SIGTERM)
        await until(lambda: "waiting for running attempts" in daemon.log())
        daemon.signal(signal.SIGTERM)
        assert await daemon.ended(25) == 0
        assert "Traceback" not in daemon.log()


async def test_runs_of_a_killed_daemon_go_on_at_once_when_it_boots_again(life, tmp_path):
    async with processes(tmp_path, life.url) as (daemon,):
        await daemon.start()
        run = await daemon.add("observed", seconds=1.5)
        await until(lambda: life.observed(run))
        await daemon.kill()
        await daemon.start()
        loop = asyncio.get_running_loop()
        before = loop.time()
        await until(lambda: second_attempt(life, run), 3)
        assert loop.time() - before < 2
        row = await until(lambda: life.ended(run))
        assert (row["state"], row["attempt"], row["crashes"]) == ("succeeded", 2, 1)
        assert [r["attempt"] for r in await life.observed(run)] == [1, 2]
        assert await daemon.stop() == 0


async def second_attempt(life, run: int) -> bool:
    return len(await life.observed(run)) == 2


async def test_a_second_daemon_in_the_same_state_directory_is_refused(life, tmp_path):
    async with processes(tmp_path, life.url) as (daemon,), processes(tmp_path, life.url) as (twin,):
        await daemon.start()
        await twin.start(ready=False)
        assert await twin.ended(10) not in (0, None)
        assert "another jobd runs in" in twin.log()
        assert await daemon.joined()
