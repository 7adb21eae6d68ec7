"""The delivery duty: a real outbox, a real mail server, and what is left when either of them misbehaves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from jobd.engine.delivery import deliver
from jobd.engine.delivery_verdicts import LONGEST_DELAY, delay
from jobd.errors import StoreUnavailable
from jobd.model.settings import MailSettings, TlsMode
from jobd.store.database import Database, open_database
from jobd.store.migrate import migrate
from jobd.store.outbox import Outbox
from jobd.testing.postgres import fresh_database
from jobd.testing.smtp import MailServer

SOON = timedelta(milliseconds=20)


@pytest.fixture(scope="module")
async def database(postgres_url: str) -> AsyncIterator[Database]:
    async with fresh_database(postgres_url) as url:
        await migrate(url)
        async with open_database(url) as opened:
            yield opened


@pytest.fixture
async def outbox(database: Database) -> Outbox:
    await database.execute("truncate jobd.outbox, jobd.outbox_keys, jobd.nodes restart identity")
    await database.execute(
        "insert into jobd.nodes (name, host, pid, home, version, workers, direct, lease_until)"
        " select 'n', 'h', 1, 'home', '0', 1, false, now() + interval '1 hour' from generate_series(1, 2)"
    )
    return Outbox(database)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as running:
        yield running


def settings(server: MailServer, **more: Any) -> MailSettings:
    base = {"enabled": True, "host": "127.0.0.1", "port": server.port, "tls": TlsMode.OFF, "rate": 0.0}
    return MailSettings(**(base | {"timeout": timedelta(seconds=5), "retry_delay": SOON} | more))


async def added(outbox: Outbox, to: str = "bob@example.org", **more: Any) -> int:
    base = {"run_id": 7, "job": "j", "subject": "Hi", "text": "Hi", "kind": "note", "sender": "app@example.org"}
    async with outbox._database.transaction() as tx:
        return await outbox.add(tx, to=to, **(base | more))


@asynccontextmanager
async def delivering(outbox: Outbox, how: MailSettings, *, node: int = 1) -> AsyncIterator[asyncio.Task[None]]:
    """The duty beside the block, woken as the daemon does: while something is due."""
    wake = asyncio.Event()

    async def look() -> None:
        while True:
            with suppress(StoreUnavailable):
                if await outbox.due():
                    wake.set()
            await asyncio.sleep(0.01)

    duty = asyncio.create_task(deliver(outbox, how, lambda: node, wake, stopping=timedelta(seconds=0.5)))
    looking = asyncio.create_task(look())
    try:
        yield duty
    finally:
        looking.cancel()
        duty.cancel()
        await asyncio.wait([duty, looking])
        if not duty.cancelled() and duty.exception() is not None:
            raise duty.exception()


async def until(outbox: Outbox, **states: int) -> None:
    """Wait until the outbox holds exactly this many messages in these states, and none elsewhere."""
    wanted = {state: number for state, number in states.items() if number}
    async with asyncio.timeout(20):
        while await found(outbox) != wanted:
            await asyncio.sleep(0.01)


async def found(outbox: Outbox) -> dict[str, int] | None:
    """Messages by state where there are any; None while Postgres is away."""
    with suppress(StoreUnavailable):
        return {state: number for state, number in (await outbox.counts()).items() if number}
    return None


async def row(outbox: Outbox, message: int) -> asyncpg.Record:
    return await outbox._database.fetchrow("select * from jobd.outbox where id = $1", message)


async def test_every_message_arrives_once(outbox, server):
    for number in range(60):
        await added(outbox, f"user{number}@example.org")
    async with delivering(outbox, settings(server)):
        await until(outbox, sent=60)
    assert sorted(mail.recipients[0] for mail in server.mails) == sorted(f"user{n}@example.org" for n in range(60))
    assert 1 <= server.connections <= 4


async def test_no_more_connections_than_configured_are_open(outbox, server):
    for number in range(30):
        await added(outbox, f"user{number}@example.org")
    async with delivering(outbox, settings(server, connections=2)):
        await until(outbox, sent=30)
    assert server.most_open == 2


async def test_messages_leave_no_faster_than_the_rate(outbox, server):
    for _ in range(11):
        await added(outbox)
    start = asyncio.get_running_loop().time()
    async with delivering(outbox, settings(server, rate=50.0)):
        await until(outbox, sent=11)
    assert asyncio.get_running_loop().time() - start >= 10 / 50


async def test_a_temporary_refusal_is_tried_again_and_arrives_once(outbox, server):
    server.script["bob@example.org"] = ["rcpt 450", "dot 451", "data 421", "rcpt drop", "body drop"]
    message = await added(outbox)
    async with delivering(outbox, settings(server)):
        await until(outbox, sent=1)
    assert len(server.mails) == 1
    sent = await row(outbox, message)
    assert (sent["tries"], sent["doubts"]) == (6, 0)


async def test_a_final_refusal_is_not_tried_again(outbox, server, caplog):
    server.script["bob@example.org"] = ["rcpt 550"]
    message = await added(outbox)
    await added(outbox, "ann@example.org")
    with caplog.at_level(logging.WARNING):
        async with delivering(outbox, settings(server)):
            await until(outbox, bounced=1, sent=1)
    bounced = await row(outbox, message)
    assert (bounced["tries"], bounced["reply"]) == (1, "550 as scripted")
    assert [record.state for record in caplog.records if hasattr(record, "state")] == ["bounced"]


async def test_a_lost_answer_is_resent_with_the_same_message_id(outbox, server):
    server.script["bob@example.org"] = ["dot drop"]
    message = await added(outbox)
    async with delivering(outbox, settings(server)):
        await until(outbox, sent=1)
    assert len(server.mails) == 2
    assert len({mail.message_id for mail in server.mails}) == 1
    assert (await row(outbox, message))["doubts"] == 1


async def test_a_lost_answer_is_held_for_kinds_that_must_not_arrive_twice(outbox, server):
    server.script["*"] = ["dot drop", "dot lose"]
    for _ in range(2):
        await added(outbox, kind="invoice")
    async with delivering(outbox, settings(server, in_doubt={"invoice": "hold"}, connections=1)):
        await until(outbox, held=2)
    assert len(server.mails) == 1


async def test_a_server_that_loses_every_answer_is_not_sent_copies_for_ever(outbox, server):
    server.script["bob@example.org"] = ["dot drop"] * 10
    await added(outbox)
    async with delivering(outbox, settings(server)):
        await until(outbox, held=1)
    assert len(server.mails) == 3


async def test_a_message_that_is_deferred_for_too_long_is_dead(outbox, server):
    server.script["bob@example.org"] = ["rcpt 450"] * 50
    message = await added(outbox)
    async with delivering(outbox, settings(server, give_up_after=timedelta(milliseconds=100))):
        await until(outbox, dead=1)
    assert (await row(outbox, message))["reply"] == "450 as scripted"


async def test_a_server_that_is_away_is_waited_for(outbox, server):
    await server.refuse()
    for number in range(20):
        await added(outbox, f"user{number}@example.org")
    async with delivering(outbox, settings(server)):
        async with asyncio.timeout(10):
            while not (await outbox.counts())["deferred"]:
                await asyncio.sleep(0.01)
        await server.listen()
        await until(outbox, sent=20)
    assert len(server.mails) == 20


async def test_a_server_in_trouble_does_not_spend_the_tries_of_every_message(outbox, server):
    await server.refuse()
    for _ in range(50):
        await added(outbox)
    async with delivering(outbox, settings(server, retry_delay=timedelta(seconds=30))), asyncio.timeout(10):
        while not (await outbox.counts())["deferred"]:
            await asyncio.sleep(0.01)
    assert await outbox._database.fetchval("select count(*) from jobd.outbox where state = 'deferred'") <= 4
    assert await outbox._database.fetchval("select count(*) from jobd.outbox where state = 'sending'") == 0


async def test_disabled_mail_is_held_and_said_once(outbox, server, caplog):
    await added(outbox)
    with caplog.at_level(logging.INFO):
        async with delivering(outbox, settings(server, enabled=False)):
            await until(outbox, held=1)
            await added(outbox)
            await until(outbox, held=2)
    assert [record.message for record in caplog.records] == ["mail is disabled, messages are held"]
    assert server.connections == 0


def test_delays_double_up_to_an_hour_with_a_quarter_at_random():
    first = timedelta(minutes=1)
    for tries in range(1, 5000):
        longest = min(first * 2 ** min(tries - 1, 20), LONGEST_DELAY)
        assert 0.75 * longest <= delay(first, tries) <= longest
