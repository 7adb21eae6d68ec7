"""The outbox in Postgres: what is added, taken, held, counted and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from jobd.model.message import MessageState
from jobd.store.database import Database, open_database
from jobd.store.migrate import migrate
from jobd.store.outbox import Outbox, Verdict
from jobd.testing.postgres import fresh_database

DAYS = timedelta(days=3)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
async def database(postgres_url: str) -> AsyncIterator[Database]:
    async with fresh_database(postgres_url) as url:
        await migrate(url)
        async with open_database(url) as opened:
            yield opened


@pytest.fixture
async def outbox(database: Database) -> Outbox:
    await database.execute("truncate jobd.outbox, jobd.outbox_keys, jobd.nodes restart identity")
    return Outbox(database)


async def added(outbox: Outbox, **more: object) -> int | None:
    base = {"run_id": 7, "job": "j", "to": "bob@example.org", "subject": "Hi", "text": "Hi", "kind": "note"}
    async with outbox._database.transaction() as tx:
        return await outbox.add(tx, **(base | {"sender": "app@example.org"} | more))


async def node(outbox: Outbox) -> int:
    """A node that is alive."""
    return await outbox._database.fetchval(
        "insert into jobd.nodes (name, host, pid, home, version, workers, direct, lease_until)"
        " values ('n', 'h', 1, 'home', '0', 1, false, now() + interval '1 hour') returning id"
    )


async def state(outbox: Outbox, message: int) -> str:
    return await outbox._database.fetchval("select state from jobd.outbox where id = $1", message)


async def row(outbox: Outbox, message: int):
    return await outbox._database.fetchrow("select * from jobd.outbox where id = $1", message)


def verdict(message, kind: MessageState, **more) -> Verdict:
    return Verdict(id=message.id, tries=message.tries, state=kind, **more)


async def test_a_message_added_in_a_transaction_that_fails_does_not_exist(outbox):
    with pytest.raises(ZeroDivisionError):
        async with outbox._database.transaction() as tx:
            await outbox.add(
                tx, run_id=1, job="j", to="a@b.c", subject="s", text="t", kind="k", key="1", sender="x@y.z"
            )
            raise ZeroDivisionError
    assert not await outbox.due()
    assert await added(outbox, kind="k", key="1") is not None


async def test_a_key_is_used_once_for_ever_even_after_its_message_is_gone(outbox):
    first = await added(outbox, key="sub 1")
    assert first is not None
    assert await added(outbox, key="sub 1") is None
    assert await added(outbox, key="sub 1", kind="other") is not None
    await outbox._database.execute("delete from jobd.outbox")
    assert await added(outbox, key="sub 1") is None


async def test_two_transactions_with_one_key_store_one_message(outbox):
    results = await asyncio.gather(*(added(outbox, key="same") for _ in range(8)))
    assert len([result for result in results if result is not None]) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"to": "no-address"},
        {"to": "a@b.c\r\nBcc: d@e.f"},
        {"to": "a@b.c,d@e.f"},
        {"to": "Bob <a@b.c>"},
        {"to": "a b@c.d"},
        {"to": "a@b.c>"},
        {"to": "a@b@c"},
        {"to": "@b.c"},
        {"to": "a@-b.c"},
        {"to": "x" * 65 + "@b.c"},
        {"to": "a@b.c\x00"},
        {"to": "\ud800@b.c"},
        {"subject": "a\nb"},
        {"subject": "a\x00b"},
        {"subject": "\udfff"},
        {"text": "a\x00b"},
        {"html": "\ud800"},
        {"text": None},
        {"headers": {"Bcc": "x@y.z"}},
        {"headers": {"X-A": "a\r\nb"}},
        {"headers": {"bad name": "a"}},
        {"kind": "a\nb"},
        {"sender": "nobody"},
    ],
)
async def test_what_cannot_be_a_mail_is_refused_and_the_transaction_goes_on(outbox, bad):
    base = {"run_id": 1, "job": "j", "to": "a@b.c", "subject": "s", "text": "t", "kind": "k"}
    async with outbox._database.transaction() as tx:
        with pytest.raises(ValueError):
            await outbox.add(tx, **(base | {"sender": "x@y.z"} | bad))
        assert await outbox.add(tx, **base, sender="x@y.z") is not None
    assert await outbox._database.fetchval("select count(*) from jobd.outbox") == 1


async def test_a_taken_message_carries_everything_that_was_added(outbox):
    await added(outbox, html="<b>é</b>", headers={"X-A": "1"}, sender="App <app@bücher.example>")
    (message,) = await outbox.take(await node(outbox), 10)
    assert (message.text, message.html, dict(message.headers)) == ("Hi", "<b>é</b>", {"X-A": "1"})
    assert message.message_id.endswith(".jobd@xn--bcher-kva.example>")
    assert (message.tries, message.doubts) == (1, 0)


async def test_two_nodes_never_take_the_same_message(outbox):
    ids = {await added(outbox) for _ in range(40)}
    nodes = [await node(outbox) for _ in range(4)]
    batches = await asyncio.gather(*(outbox.take(one, 10) for one in nodes))
    taken = [message.id for batch in batches for message in batch]
    assert len(taken) == len(set(taken))
    assert set(taken) <= ids
    assert not await outbox.take(nodes[0], 40) or len(taken) < 40


async def test_nothing_is_taken_before_it_is_due(outbox):
    message = await added(outbox)
    await outbox._database.execute("update jobd.outbox set due_at = now() + interval '1 hour'")
    assert not await outbox.due()
    assert await outbox.take(await node(outbox), 10) == []
    assert await state(outbox, message) == "pending"


async def test_messages_are_held_released_and_sent_again_by_hand(outbox):
    message = await added(outbox)
    here = await node(outbox)
    assert await outbox.hold([message], "by ann") == [message]
    assert await outbox.take(here, 1) == []
    assert await outbox.resend([message + 1]) == []
    assert await outbox.release([message]) == [message]
    (taken,) = await outbox.take(here, 1)
    assert await outbox.hold([message], "too late") == []
    assert await outbox.resend([message]) == []
    await outbox.settle([verdict(taken, MessageState.BOUNCED)], give_up_after=DAYS)
    assert await outbox.resend([message]) == [message]
    (again,) = await outbox.take(here, 1)
    assert (again.message_id, again.tries) == (taken.message_id, 2)


async def test_everything_due_is_held_when_mail_is_disabled(outbox):
    message = await added(outbox)
    assert await outbox.hold_due("mail is disabled") == 1
    assert await outbox.hold_due("mail is disabled") == 0
    assert (await row(outbox, message))["reply"] == "mail is disabled"


async def test_counts_are_by_state_and_by_run(outbox):
    await added(outbox, run_id=7)
    await added(outbox, run_id=7)
    await added(outbox, run_id=8)
    (message,) = await outbox.take(await node(outbox), 1)
    await outbox.settle([verdict(message, MessageState.SENT)], give_up_after=DAYS)
    assert await outbox.counts_of_run(7) == {"sent": 1, "pending": 1}
    assert await outbox.counts_of_run(9) == {}
    counts = await outbox.counts()
    assert set(counts) == set(MessageState)
    assert (counts["pending"], counts["sent"], counts["dead"]) == (2, 1, 0)
    assert (await outbox.counts(cap=1))["pending"] == 1


async def test_only_old_ended_messages_are_deleted(outbox):
    for _ in range(3):
        await added(outbox)
    old, young, _ = [message.id for message in await outbox.take(await node(outbox), 2)] + [None]
    await outbox._database.execute(
        "update jobd.outbox set state = 'sent', node = null, phase = null, finished_at = case id"
        " when $1 then now() - interval '40 days' else now() end where state = 'sending'",
        old,
    )
    assert await outbox.delete_old(timedelta(days=30)) == 1
    assert await outbox._database.fetchval("select count(*) from jobd.outbox") == 2
    assert await state(outbox, young) == "sent"


async def test_due_messages_are_found_by_their_index_among_many_delivered_ones(outbox):
    await outbox._database.execute(
        "insert into jobd.outbox (job, kind, sender, recipient, subject, text, message_id, state, finished_at)"
        " select 'j', 'k', 'a@b.c', 'd@e.f', 's', 't', 'm', 'sent', now() from generate_series(1, 50000)"
    )
    await outbox._database.execute("analyze jobd.outbox")
    from jobd.store.outbox import sql

    for statement, values in (
        (sql.due, ()),
        (sql.take, (1, 20)),
        (sql.recover, ([], 3, 10)),
        (sql.counts, (100,)),
    ):
        plan = await outbox._database.fetch(f"explain {statement}", *values)
        lines = "\n".join(line[0] for line in plan)
        assert "Seq Scan on outbox" not in lines, lines
