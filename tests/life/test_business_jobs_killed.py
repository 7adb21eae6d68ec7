"""The daemon is killed in the middle of each of the four business jobs and of its mail; what they do is done, and once.

Where "the middle" is, the database says: a trigger holds up the job at a row that lies half way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support.business import (
    DELETING,
    EXPIRING,
    MAILING,
    MAILING_PLACE,
    OLD_AUDIT_ROWS,
    READERS,
    SETTLING,
    SEVERED,
    YOUNG_AUDIT_ROWS,
    Business,
    business,
)
from support.steps import gate
from support.waiting import until

EXPIRED = "select count(*) from user_subscriptions s join demo.fates using (id) where fate = 'expires' and status = $1"
OLD = f"select count(*) from audit_trail where id <= {OLD_AUDIT_ROWS}"
ROUNDS = 4
"""Reconciliations until every fault of the gateway has passed."""


Look = Callable[[], Awaitable[bool]]


async def killed_at(life, app: Business, place: int, job: str, partly: Look, **args: Any) -> int:
    """A run under which the daemon was killed half way, and that has ended well after the next boot."""
    async with gate(life.url, place) as here:
        run = await app.daemon.add(job, **args)
        await here.reached()
        assert await partly(), f"{job} is not in its middle"
        assert await life.state(run) == "running"
        await app.daemon.kill()
    await app.daemon.start()
    row = await until(lambda: life.ended(run), 40, f"the end of {job}")
    assert (row["state"], row["attempt"], row["crashes"]) == ("succeeded", 2, 1), row["error"]
    return row["id"]


async def ran(life, app: Business, job: str, **args: Any) -> int:
    run = await app.daemon.add(job, **args)
    row = await until(lambda: life.ended(run), 40, f"the end of {job}")
    assert row["state"] == "succeeded", row["error"]
    return run


async def reconciled(life, app: Business) -> list[int]:
    """Runs until nothing is left to settle."""
    runs = []
    while len(runs) < ROUNDS and not (await app.check.look()).payments.settled.met:
        runs.append(await ran(life, app, "reconcile-payments"))
    return runs


async def killed_in_delivery(app: Business) -> None:
    """Killed while the server keeps back its answer to one mail, with others still to be sent."""
    await until(lambda: any(SEVERED in mail["recipients"] for mail in app.accepted()), 20, "the mail without an answer")
    sent, wanted = len(app.accepted()), await app.database.fetchval("select count(*) from demo.mails")
    assert sent < wanted
    await app.daemon.kill()
    await app.daemon.start()


@pytest.mark.timeout(180)
async def test_a_daemon_killed_in_each_of_its_jobs_and_in_its_mail_finishes_all_of_it_once(life, tmp_path):
    async with business(life.url, tmp_path / "business") as app:
        await app.daemon.start()
        await life.db.execute(MAILING_PLACE)

        async def some_expired() -> bool:
            return 0 < await life.db.fetchval(EXPIRED, "Expired") < await ended_subscriptions(life)

        async def some_settled() -> bool:
            return await life.db.fetchval("select count(*) > 0 from changes_of_payments")

        async def some_deleted() -> bool:
            return 0 < await life.db.fetchval(OLD) < OLD_AUDIT_ROWS

        async def none_mailed() -> bool:
            return await life.db.fetchval("select count(*) = 0 from jobd.outbox where kind = 'bulk-email'")

        mail = {"recipients": READERS, "subject": "News", "body": "Reports are faster."}
        runs = [
            await killed_at(life, app, EXPIRING, "expire-subscriptions", some_expired),
            await killed_at(life, app, SETTLING, "reconcile-payments", some_settled),
            await killed_at(life, app, DELETING, "clean-old-audit-trail", some_deleted),
            await killed_at(life, app, MAILING, "send-bulk-email", none_mailed, **mail),
        ]
        await killed_in_delivery(app)
        runs += [await ran(life, app, "send-expiry-reminders"), *await reconciled(life, app)]
        await until(lambda: all_sent(life), 40, "the delivery of all mail")
        assert await app.daemon.stop() == 0
        await check_application(life, app)
        await check_mails(life, app)
        await check_runs(life, runs)
        assert "Traceback" not in app.daemon.log()


async def ended_subscriptions(life) -> int:
    return await life.db.fetchval("select count(*) from demo.fates where fate = 'expires'")


async def all_sent(life) -> bool:
    return await life.db.fetchval("select count(*) = 0 from jobd.outbox where state <> 'sent'")


async def check_application(life, app: Business) -> None:
    """Subscriptions, payments and the audit trail are what they have to be, and nothing else has changed."""
    report = await app.check.look()
    unmet = [str(claim) for part in (report.subscriptions, report.payments) for claim in part.claims if not claim.met]
    assert not unmet, unmet
    assert report.subscriptions.ended == await ended_subscriptions(life) > 50
    assert len(report.payments.all) > 100
    changes = Counter(row["id"] for row in await life.db.fetch("select id from changes_of_payments"))
    assert changes and set(changes.values()) == {1}, "a payment was settled twice"
    assert await life.db.fetchval(OLD) == 0
    assert await life.db.fetchval("select count(*) from audit_trail") == YOUNG_AUDIT_ROWS


async def check_mails(life, app: Business) -> None:
    """Each was accepted; twice only where the outbox says that an answer was lost, and then as the same message."""
    rows = await life.db.fetch("select kind, recipient, message_id, doubts from jobd.outbox")
    doubts = {(row["kind"], row["recipient"]): row["doubts"] for row in rows}
    wanted = await life.db.fetch("select kind, recipient from demo.mails")
    assert len(rows) == len(doubts) and set(doubts) == {tuple(row) for row in wanted}
    accepted = app.accepted()
    found = Counter((mail["kind"], recipient) for mail in accepted for recipient in mail["recipients"])
    assert set(found) == set(doubts)
    assert not {mail: count for mail, count in found.items() if count > 1 + doubts[mail]}
    assert found["bulk-email", SEVERED] == 2 and doubts["bulk-email", SEVERED] == 1
    ids = {(mail["kind"], recipient, mail["message_id"]) for mail in accepted for recipient in mail["recipients"]}
    assert ids == {(row["kind"], row["recipient"], row["message_id"]) for row in rows}


async def check_runs(life, runs: list[int]) -> None:
    """None was lost, none ended twice, none is left, and each killed attempt is in the records."""
    ended = await life.db.fetch("select id, state from jobd.history")
    assert sorted(row["id"] for row in ended) == sorted(runs)
    assert {row["state"] for row in ended} == {"succeeded"}
    assert await life.db.fetchval("select count(*) from jobd.runs") == 0
    tried = await life.db.fetch("select run_id, attempt, outcome from jobd.attempts order by run_id")
    assert [tuple(row) for row in tried] == [(run, 1, "lost") for run in sorted(runs[:4])]
