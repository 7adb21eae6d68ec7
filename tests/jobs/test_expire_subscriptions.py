"""expire-subscriptions on real tables."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest
from subscriptions import mails, subscribe

from jobd.jobs.expire_subscriptions import expire_subscriptions
from jobd.model.run import Items
from jobd.testing.context import TestContext

ENDED, RUNS = timedelta(hours=-1), timedelta(hours=1)


async def statuses(app) -> list[str]:
    return [row["status"] for row in await app.fetch("select status from user_subscriptions order by id")]


async def test_an_ended_subscription_expires_with_one_mail(app):
    for status in ("Active", "Trial", "GracePeriod"):
        await subscribe(app, ends_in=ENDED, status=status)
    ctx = TestContext(app, run_id=9)
    result = await expire_subscriptions(ctx)
    assert result == {"expired": 3, "mailed": 3, "unmailed": 0, "skipped": 0, "refused": 0}
    assert await statuses(app) == ["Expired"] * 3
    assert not await app.fetchval("select bool_or(auto_renewal) from user_subscriptions")
    sent = await mails(app)
    assert [(mail["recipient"], mail["kind"], mail["run_id"]) for mail in sent] == [
        ("ann@example.org", "subscription-expired", 9)
    ] * 3
    assert sent[0]["subject"] == "Your Gold subscription has ended"
    assert "Ann" in sent[0]["text"]
    assert ctx.items == Items(done=3)


@pytest.mark.parametrize(
    ("status", "ends_in", "deleted"),
    [
        ("Active", RUNS, False),
        ("Expired", ENDED, False),
        ("Cancelled", ENDED, False),
        ("Suspended", ENDED, False),
        ("PendingPayment", ENDED, False),
        ("Active", ENDED, True),
    ],
)
async def test_other_subscriptions_are_left_alone(app, status, ends_in, deleted):
    await subscribe(app, ends_in=ends_in, status=status, deleted=deleted)
    before = await app.fetch("select * from user_subscriptions")
    await expire_subscriptions(TestContext(app))
    assert await app.fetch("select * from user_subscriptions") == before
    assert await mails(app) == []


async def test_a_second_run_expires_and_mails_nothing(app):
    await subscribe(app, ends_in=ENDED)
    await expire_subscriptions(TestContext(app))
    assert (await expire_subscriptions(TestContext(app)))["expired"] == 0
    assert len(await mails(app)) == 1


async def test_many_more_than_a_batch_all_expire(app):
    for _ in range(23):
        await subscribe(app, ends_in=ENDED)
    assert (await expire_subscriptions(TestContext(app), batch=5))["expired"] == 23
    assert len(await mails(app)) == 23


@pytest.mark.parametrize("email", [None, "", "no-address", "a@b.c\r\nBcc: eve@example.org"])
async def test_a_subscriber_without_a_usable_address_expires_and_counts_as_failed(app, email, caplog):
    await subscribe(app, ends_in=ENDED)
    unreachable = await subscribe(app, ends_in=ENDED, email=email)
    await subscribe(app, ends_in=ENDED)
    ctx = TestContext(app)
    with caplog.at_level(logging.WARNING):
        result = await expire_subscriptions(ctx)
    assert (result["expired"], result["unmailed"]) == (3, 1)
    assert await statuses(app) == ["Expired"] * 3
    assert ctx.items == Items(done=2, failed=1)
    assert [record.subscription for record in caplog.records] == [unreachable]


async def test_a_row_that_the_database_refuses_does_not_stop_the_others(app):
    ids = [await subscribe(app, ends_in=ENDED) for _ in range(5)]
    await app.execute(
        f"alter table user_subscriptions add constraint cursed check (id <> {ids[2]} or status <> 'Expired')"
    )
    try:
        ctx = TestContext(app)
        result = await expire_subscriptions(ctx, batch=5)
    finally:
        await app.execute("alter table user_subscriptions drop constraint cursed")
    assert (result["expired"], result["refused"]) == (4, 1)
    assert await statuses(app) == ["Expired", "Expired", "Active", "Expired", "Expired"]
    assert len(await mails(app)) == 4
    assert ctx.items == Items(done=4, failed=1)


async def test_a_locked_row_is_skipped_and_not_waited_for(app):
    locked = await subscribe(app, ends_in=ENDED)
    await subscribe(app, ends_in=ENDED)
    async with app.acquire() as other, other.transaction():
        await other.execute("select from user_subscriptions where id = $1 for update", locked)
        async with asyncio.timeout(10):
            result = await expire_subscriptions(TestContext(app))
    assert (result["expired"], result["skipped"]) == (1, 1)
    assert await statuses(app) == ["Active", "Expired"]
    assert (await expire_subscriptions(TestContext(app)))["expired"] == 1


async def test_an_outbox_that_cannot_be_written_leaves_the_batch_as_it_was(app):
    await subscribe(app, ends_in=ENDED)
    await app.execute("alter table jobd.outbox rename to gone")
    try:
        with pytest.raises(Exception, match="outbox"):
            await expire_subscriptions(TestContext(app))
    finally:
        await app.execute("alter table jobd.gone rename to outbox")
    assert await statuses(app) == ["Active"]


async def test_two_runs_side_by_side_mail_everybody_once(app):
    for _ in range(40):
        await subscribe(app, ends_in=ENDED)
    results = await asyncio.gather(*(expire_subscriptions(TestContext(app), batch=7) for _ in range(3)))
    while "Active" in await statuses(app):  # what one had locked was skipped by another
        results.append(await expire_subscriptions(TestContext(app)))
    assert sum(result["expired"] for result in results) == 40
    assert len(await mails(app)) == 40


async def test_a_cancelled_run_stops_between_batches(app):
    for _ in range(6):
        await subscribe(app, ends_in=ENDED)
    ctx = TestContext(app)
    ctx.progress = lambda *args, **kwargs: setattr(ctx, "cancelled", True)
    assert (await expire_subscriptions(ctx, batch=2))["expired"] == 2
    assert (await statuses(app)).count("Expired") == 2


async def test_names_and_plans_are_text_and_never_markup_or_headers(app):
    await subscribe(app, ends_in=ENDED, name="<script>alert(1)</script>", plan=2)
    await app.execute("update subscription_plans set name = E'<b>Silver</b>\\r\\nBcc: eve@example.org' where id = 2")
    await expire_subscriptions(TestContext(app))
    (mail,) = await mails(app)
    assert "&lt;script&gt;" in mail["html"]
    assert "<script>" not in mail["html"]
    assert mail["subject"] == "Your <b>Silver</b> Bcc: eve@example.org subscription has ended"
