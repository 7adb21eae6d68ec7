"""Delivery that is broken off by a stop, a rescue, a kill or an outage: nothing is lost, nothing arrives twice."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from test_delivery import added, database, delivering, found, outbox, row, server, settings, until

import jobd

__all__ = ["database", "outbox", "server"]


async def test_a_stop_in_the_middle_of_many_loses_and_repeats_none(outbox, server):
    for number in range(40):
        await added(outbox, f"user{number}@example.org")
    async with delivering(outbox, settings(server)):
        await server.until(5)
    states = await found(outbox)
    assert states is not None
    assert set(states) <= {"sent", "pending"}
    assert states["sent"] == len(server.mails)
    async with delivering(outbox, settings(server)):
        await until(outbox, sent=40)
    assert len({mail.message_id for mail in server.mails}) == len(server.mails) == 40


async def test_a_stop_breaks_off_what_hangs_and_gives_everything_back(outbox, server):
    server.script["bob@example.org"] = ["rcpt hang"]
    await added(outbox)
    others = [await added(outbox, f"user{number}@example.org") for number in range(3)]
    async with delivering(outbox, settings(server, connections=1)):
        await server.met.get()  # in the middle of Bob's, the others wait in hand
    states = [row["state"] for row in await outbox._database.fetch("select state from jobd.outbox order by id")]
    assert states == ["pending"] * (1 + len(others))


async def test_a_stop_after_the_dot_leaves_the_message_in_doubt(outbox, server):
    server.script["bob@example.org"] = ["dot hang"]
    message = await added(outbox)
    async with delivering(outbox, settings(server)):
        await server.met.get()
    left = await row(outbox, message)
    assert (left["state"], left["doubts"], left["node"]) == ("in_doubt", 1, None)
    async with delivering(outbox, settings(server)):
        await until(outbox, sent=1)
    assert [mail.message_id for mail in server.mails] == [left["message_id"]] * 2


async def test_the_dot_is_committed_before_it_is_written(outbox, server):
    server.script["bob@example.org"] = ["dot hang"]
    message = await added(outbox)
    async with delivering(outbox, settings(server)) as duty:
        await server.met.get()
        assert (await row(outbox, message))["phase"] == "dot_sent"
        assert not duty.done()


async def test_a_node_that_lost_its_message_before_the_dot_does_not_send_it(outbox, server):
    """The rescuer gives it to another node while the first is held up between body and dot."""
    server.script["bob@example.org"] = ["data hang"]
    message = await added(outbox)
    async with delivering(outbox, settings(server, timeout=timedelta(seconds=1)), node=1):
        await server.met.get()
        await outbox._database.execute("update jobd.nodes set lost = true where id = 1")
        assert await outbox.recover() == {message: "pending"}
        async with delivering(outbox, settings(server), node=2):
            await until(outbox, sent=1)
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("behaviour", "recovered", "copies"), [("data hang", "pending", 1), ("dot hang", "in_doubt", 2)]
)
async def test_a_killed_daemon_loses_no_mail_and_repeats_only_what_was_in_doubt(
    outbox, server, behaviour, recovered, copies
):
    server.script["bob@example.org"] = [behaviour]
    message = await added(outbox)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__).with_name("deliverer.py"))),
        *(outbox._database.url, str(server.port), "1"),
        env={**os.environ, "PYTHONPATH": str(Path(jobd.__file__).parent.parent)},
    )
    async with asyncio.timeout(20):
        await server.met.get()
    process.kill()
    await process.wait()
    await outbox._database.execute("update jobd.nodes set lost = true where id = 1")
    assert await outbox.recover() == {message: recovered}
    async with delivering(outbox, settings(server), node=2):
        await until(outbox, sent=1)
    assert len(server.mails) == copies
    assert len({mail.message_id for mail in server.mails}) == 1
    assert (await row(outbox, message))["doubts"] == copies - 1


async def test_an_outage_of_postgres_is_waited_for_and_nothing_arrives_twice(outbox, server):
    for number in range(40):
        await added(outbox, f"user{number}@example.org")
    async with delivering(outbox, settings(server, rate=100.0, connections=2)):
        await server.until(5)
        admin = await asyncpg.connect(outbox._database.url)
        for _ in range(5):
            await admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.05)
        await admin.close()
        await until(outbox, sent=40)
    assert len(server.mails) == len({mail.message_id for mail in server.mails}) == 40
