"""Postgres goes and comes back under load: nothing is lost, nobody dies, and the log stays readable."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import aiohttp
import pytest
from support.daemons import processes
from support.lives import OBSERVED, Life, Reconnecting
from support.proxy import proxied
from support.waiting import until

from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import embedded_postgres
from jobd.testing.postgres import open_directory


async def enqueued(daemon, acknowledged: list[int], failures: list[str]) -> None:
    """One run, or a refusal that says that Postgres is away."""
    try:
        answer = await daemon.ask("runs", "POST", job="observed", args={"seconds": 0.05})
    except (OSError, TimeoutError, aiohttp.ClientError):
        await asyncio.sleep(0.05)
        return
    if "id" in answer:
        acknowledged.append(answer["id"])
    else:
        failures.append(str(answer))
        await asyncio.sleep(0.05)


async def load(daemon, acknowledged: list[int], failures: list[str], over: asyncio.Event) -> None:
    while not over.is_set():
        await enqueued(daemon, acknowledged, failures)
        await asyncio.sleep(0.01)


async def check(life, acknowledged: list[int]) -> None:
    left = "select count(*) from jobd.runs where id = any($1)"
    await until(lambda: none_left(life, left, acknowledged), 40, "the end of all runs")
    ended = await life.db.fetch("select id, state from jobd.history where id = any($1)", acknowledged)
    assert len(ended) == len(acknowledged) == len({row["id"] for row in ended})
    whole = await life.db.fetch("select distinct run from observed where finished_at is not null")
    done = {row["run"] for row in whole}
    assert {row["id"] for row in ended if row["state"] == "succeeded"} <= done


async def none_left(life, sql: str, runs: list[int]) -> bool:
    return await life.db.fetchval(sql, runs) == 0


@pytest.mark.timeout(150)
async def test_a_postgres_that_is_stopped_or_crashes_under_load_costs_time_and_nothing_else(tmp_path):
    acknowledged: list[int] = []
    failures: list[str] = []
    over = asyncio.Event()
    with open_directory() as directory:
        async with embedded_postgres(EmbeddedSettings(), directory, demo=True) as postgres:
            db = Reconnecting(postgres.url)
            await db.execute(OBSERVED)
            life = Life(postgres.url, db)
            async with processes(tmp_path, postgres.url) as (daemon,), asyncio.TaskGroup() as group:
                await daemon.start()
                group.create_task(load(daemon, acknowledged, failures, over))
                for number in (signal.SIGQUIT, signal.SIGINT, signal.SIGQUIT):  # immediate, fast, immediate
                    before = len(acknowledged)
                    await until(lambda before=before: len(acknowledged) > before + 20, 20, "load")
                    assert postgres.pid is not None
                    fall = asyncio.create_task(postgres.wait())
                    os.kill(postgres.pid, number)
                    await fall
                    await postgres.ready.wait()
                    node = until(daemon.joined, 15, "the node's return")
                    await node
                before = len(acknowledged)
                await until(lambda: len(acknowledged) > before + 20, 20, "load at the end")
                over.set()
                await check(life, acknowledged)
                assert await daemon.stop() == 0
                log = daemon.log()
                assert "Traceback" not in log and "waits for Postgres" in log
                assert len(log.splitlines()) < len(acknowledged) * 12 + 400
            db.close()


async def test_an_outage_longer_than_the_lease_ends_in_a_new_node_and_says_so_meanwhile(life, tmp_path):
    async with proxied(life.url) as wire, processes(tmp_path, wire.url, observer=life.url, lease="5s") as (daemon,):
        await daemon.start()
        first = (await daemon.ask("status"))["health"]["node"]
        run = await daemon.add("observed", seconds=3.5)
        await until(lambda: life.observed(run))
        wire.cut()
        status = await until(lambda: without_node(daemon), 12, "the loss of the lease")
        assert not status["ready"] and status["store_error"]
        await life.db.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name like 'jobd%' and datname = current_database()"
        )
        wire.mend()
        row = await until(lambda: life.ended(run), 20)
        assert (row["state"], row["attempt"]) == ("succeeded", 2) and row["node"] != first
        first_try, second_try = await life.observed(run)
        assert first_try["finished_at"] is None or first_try["finished_at"] < second_try["started_at"]
        assert await daemon.stop() == 0
        assert "Traceback" not in daemon.log()


async def without_node(daemon):
    status = await daemon.ask("status")
    return status if status["health"]["node"] is None else None


async def test_backends_that_are_killed_at_random_lose_nothing(life, tmp_path):
    acknowledged: list[int] = []
    failures: list[str] = []
    over = asyncio.Event()
    async with processes(tmp_path, life.url) as (daemon,), asyncio.TaskGroup() as group:
        await daemon.start()
        group.create_task(load(daemon, acknowledged, failures, over))
        for _ in range(40):
            await life.db.execute(
                "select pg_terminate_backend(pid) from (select pid from pg_stat_activity"
                " where application_name in ('jobd', 'jobd claims', 'jobd endings', 'jobd enqueues', 'jobd heartbeat',"
                " 'jobd listen') and datname = current_database() order by random() limit 1) one"
            )
            before = len(acknowledged)
            await until(lambda before=before: len(acknowledged) > before or len(failures) > 200, 10, "load")
        over.set()
        await check(life, acknowledged)
        assert await daemon.stop() == 0
        assert "Traceback" not in daemon.log()


async def test_a_daemon_waits_for_a_postgres_that_is_not_there_yet(life, tmp_path):
    async with proxied(life.url) as wire, processes(tmp_path, wire.url, observer=life.url) as (daemon,):
        wire.cut()
        await daemon.start(ready=False)
        await until(lambda: "loop waits for Postgres" in daemon.log(), 10)
        wire.mend()
        await until(daemon.joined, 15)
        assert await daemon.stop() == 0


async def test_a_copy_of_the_database_in_another_environment_starts_paused(life, tmp_path):
    async with processes(tmp_path, life.url, lease="5s") as (daemon,):
        await daemon.start()
        assert await daemon.stop() == 0
        await life.db.execute("update jobd.meta set system_identifier = system_identifier + 1")
        await daemon.start()
        run = await daemon.add("observed")
        status = await daemon.ask("status")
        assert "another one than before" in str(status["health"]["notices"])
        await until(lambda: beaten(life))
        assert await life.state(run) == "queued" and await life.observed(run) == []
        assert await daemon.stop() == 0
        adopting = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jobd", "adopt", "--config", str(daemon.config), "--reason", "moved house",
            env=daemon.environment,
        )  # fmt: skip
        assert await adopting.wait() == 0
        await daemon.start()
        await until(lambda: life.ended(run), 10, "the run that waited for it")
        (line,) = (await daemon.ask("audit"))["entries"]
        assert (line["action"], line["reason"], line["uid"]) == ("database.adopt", "moved house", os.geteuid())
        assert line["before"]["system"] != line["after"]["system"]
        assert await daemon.stop() == 0


OLD = """
insert into jobd.history (id, finished_at, created_at, due_at, attempt, priority, state, job, queue, source, args)
values (900, now() - interval '2 hours', now(), now(), 1, 0, 'succeeded', 'observed', 'default', 'test',
    '{"card": "4111"}');
insert into jobd.audit (at, actor, uid, action, target) values (now() - interval '2 years', 'uid:0', 0, 'x.y', 'old');
insert into jobd.bulk (action, filter, source, state, expected, matched, finished_at)
values ('retry', '', 'api uid:0', 'done', 1, 1, now() - interval '2 years')
"""
KEEP = """
[keep]
audit = "10d"
[privacy]
redact = ["args.card"]
keep = "1h"
"""


async def test_a_copy_that_nobody_adopted_loses_nothing_by_its_age(life, tmp_path):
    async with processes(tmp_path, life.url, more=KEEP, lease="5s") as (daemon,):
        await daemon.start()
        assert await daemon.stop() == 0
        await life.db.execute(OLD)
        farthest = await life.db.fetchval(
            "select max(inhrelid::regclass::text) from pg_inherits where inhparent = 'jobd.history'::regclass"
        )
        await life.db.execute(f"drop table {farthest}")
        await life.db.execute("update jobd.meta set system_identifier = system_identifier + 1")
        await daemon.start()
        await until(lambda: life.db.fetchval("select to_regclass($1) is not null", farthest), 10, "a partition")
        await until(lambda: beaten(life))
        left = await life.db.fetchrow(
            "select (select args ->> 'card' from jobd.history), (select count(*) from jobd.bulk),"
            " (select count(*) from jobd.audit where target = 'old')"
        )
        assert tuple(left) == ("4111", 1, 1)
        assert await daemon.stop() == 0


BEGUN = """
insert into jobd.bulk (action, filter, source, expected, matched) values ('cancel', 'job:observed', 'test', 1, 1)
"""


async def test_a_bulk_that_a_copy_brought_along_stands_still_and_one_that_is_begun_there_goes_on(life, tmp_path):
    async with processes(tmp_path, life.url) as (daemon,):
        await daemon.start()
        assert await daemon.stop() == 0
        await life.db.execute(BEGUN)
        await life.db.execute("update jobd.meta set system_identifier = system_identifier + 1")
        await daemon.start()
        asked = {"action": "cancel", "filter": "job:nothing", "expected_count": 0}
        here = (await daemon.ask("runs/bulk", "POST", **asked))["id"]
        states = "select string_agg(state, ' ' order by id) from jobd.bulk"
        await until(lambda: is_over(life, here), 10, "the bulk of the copy itself")
        assert await life.db.fetchval(states) == "running done"
        assert await life.db.fetchval("select held_by is null from jobd.bulk order by id limit 1")
        assert await daemon.stop() == 0


async def is_over(life, bulk: int) -> bool:
    return await life.db.fetchval("select state = 'done' from jobd.bulk where id = $1", bulk)


async def beaten(life) -> bool:
    """The node has come round at least once since it joined."""
    return await life.db.fetchval("select exists (select from jobd.nodes where beat_at > started_at and not lost)")
