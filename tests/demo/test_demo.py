"""The demo from end to end: what it says about its work is what others see who look at the same things."""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from demo_process import Ended, ended, started

from jobd.model.settings import EmbeddedSettings
from jobd.store.embedded import embedded_postgres
from jobd.testing.paymob import expected_outcome, read_script
from jobd.testing.postgres import open_directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A demo that has ended, the directory that it kept, and a connection to its database."""

    demo: Ended
    directory: Path
    database: Any

    @property
    def summary(self) -> dict[str, Any]:
        return self.demo.summary


@pytest.fixture(scope="module")
async def kept() -> AsyncIterator[Kept]:
    with open_directory() as below:
        demo = await ended(await started(below, "--duration", "5s", "--json", "--keep"))
        assert demo.status == 0, demo.stderr
        (directory,) = below.glob("jobd-demo-*")
        async with embedded_postgres(EmbeddedSettings(), directory / "state", demo=True) as postgres:
            connection = await asyncpg.connect(postgres.url)
            yield Kept(demo=demo, directory=directory, database=connection)
            await connection.close()


async def test_it_says_its_socket_first_and_its_facts_last(kept):
    first, last = kept.demo.stdout.splitlines()
    assert first == f"control socket: {kept.directory}/jobd.sock"
    assert json.loads(last).keys() == {
        "runs", "subscriptions", "mails", "mail_duplicates", "payments", "audit_rows", "invoices", "retries",
        "staged_failures", "by_hand", "first_run_seconds",
    }  # fmt: skip
    assert f"kept in {kept.directory}" in kept.demo.stderr


async def test_the_data_set_is_as_large_as_promised(kept):
    count = kept.database.fetchval
    assert await count("select count(*) from user_subscriptions") >= 5_000
    assert kept.summary["subscriptions"]["ended"] >= 500
    assert sum(n["expected"] for n in kept.summary["payments"].values()) >= 300
    assert kept.summary["audit_rows"]["old"] >= 10_000
    assert kept.summary["audit_rows"]["old"] + await count("select count(*) from audit_trail") >= 50_000
    assert await count("select count(*) filter (where full_name ~ '[؀-ۿ]') between 1000 and count(*) - 1000 from users")


async def test_every_ended_subscription_is_expired_and_no_other(kept):
    facts = await kept.database.fetchrow(
        """
        select
            count(*) filter (where b.status in ('Active', 'Trial', 'GracePeriod') and b.end_date < now()
                and not b.is_deleted) as ended,
            count(*) filter (where b.status <> 'Expired' and s.status = 'Expired' and not s.auto_renewal) as expired,
            count(*) filter (where b.end_date > now() and s.status <> b.status) as too_early,
            count(*) filter (where s.end_date < now() and s.status in ('Active', 'Trial', 'GracePeriod')
                and not s.is_deleted) as left_over
        from user_subscriptions s join demo.subscriptions b using (id)
        """
    )
    assert kept.summary["subscriptions"] == {"ended": facts["ended"], "expired": facts["expired"]}
    assert facts["ended"] == facts["expired"]
    assert (facts["too_early"], facts["left_over"]) == (0, 0)


async def test_every_mail_was_accepted_once_and_only_by_those_it_is_for(kept):
    mails = [json.loads(line) for line in (kept.directory / "mailbox.jsonl").read_text().splitlines()]
    assert kept.summary["mails"] == dict(Counter(mail["kind"] for mail in mails))
    assert kept.summary["mail_duplicates"] == 0
    assert len({mail["message_id"] for mail in mails}) == len(mails)
    for kind, sql in (
        ("subscription-expired", "b.status <> 'Expired' and s.status = 'Expired'"),
        ("subscription-reminder", "s.status = 'Active' and s.end_date between now() and now() + interval '7 days'"),
    ):
        owners = await kept.database.fetch(
            "select u.email from user_subscriptions s join demo.subscriptions b using (id) "
            f"join users u on u.id = s.user_id where {sql} and not s.is_deleted order by 1"
        )
        recipients = [to for mail in mails if mail["kind"] == kind for to in mail["recipients"]]
        assert sorted(recipients) == sorted(owner["email"] for owner in owners), kind
    assert kept.summary["mails"]["email"] == 1
    assert kept.summary["mails"]["bulk-email"] == 25


async def test_every_payment_has_the_outcome_that_the_gateways_script_dictates(kept):
    script = read_script(kept.directory / "gateway.json")
    rows = await kept.database.fetch(
        "select b.*, p.status as found, now() - b.created_at as age from demo.payments b join payments p using (id)"
    )
    found, expected = Counter(), Counter()
    for row in rows:
        due = row["status"] in ("Pending", "Processing") and row["age"].total_seconds() > 1800
        outcome = row["status"]
        if due and row["paymob_order_id"] and not row["is_deleted"]:
            told = script[row["paymob_order_id"]]
            # an order that nobody tried to pay lives twice as long when it is paid with a code
            slow = told.story == "no-attempt" and row["payment_method"] != "card"
            outcome = expected_outcome(told, age=row["age"] / (2 if slow else 1)) or outcome
            found[row["found"]] += 1
            expected[outcome] += 1
        assert row["found"] == outcome, (row["paymob_order_id"], script.get(row["paymob_order_id"]))
    assert kept.summary["payments"] == {name: {"expected": n, "found": found[name]} for name, n in expected.items()}
    assert set(expected) == {
        "Completed", "Failed", "Cancelled", "Refunded", "PartiallyRefunded", "Expired", "Processing", "Pending",
    }  # fmt: skip


async def test_all_old_audit_rows_are_gone_and_no_young_one(kept):
    left = await kept.database.fetchrow(
        "select count(*) filter (where timestamp < now() - interval '90 days') as old, count(*) as n from audit_trail"
    )
    assert (left["old"], left["n"]) == (0, 40_000)
    assert kept.summary["audit_rows"] == {"old": 12_000, "deleted": 12_000}


async def test_the_job_that_fails_on_purpose_was_retried_until_it_worked(kept):
    tries = await kept.database.fetch(
        "select run_id, array_agg(outcome order by attempt) as outcomes from exchange_rate_imports group by run_id"
    )
    assert kept.summary["retries"] == sum(len(run["outcomes"]) - 1 for run in tries) >= 2
    worked = [run["outcomes"] for run in tries if "imported" in run["outcomes"]]
    assert worked
    assert all(outcomes == ["unreachable", "unreachable", "imported"] for outcomes in worked)
    assert kept.summary["runs"]["import-exchange-rates"]["succeeded"] == len(worked)


async def test_every_job_ran_and_the_first_run_ended_within_ten_seconds(kept):
    assert kept.summary["runs"].keys() == {
        "expire-subscriptions", "reconcile-payments", "send-expiry-reminders", "clean-old-audit-trail",
        "send-email", "send-bulk-email", "import-exchange-rates", "fetch-bank-statement",
    }  # fmt: skip
    for job, states in kept.summary["runs"].items():
        if job == "fetch-bank-statement":
            continue
        ended = await kept.database.fetchval(
            "select count(*) from jobd.history where job = $1 and state = 'succeeded'", job
        )
        assert states["succeeded"] == ended >= 1, job
        assert "failed" not in states, job
    assert 0 < kept.summary["first_run_seconds"] < 10


async def test_one_job_fails_for_good_at_first_and_its_error_says_that_it_is_staged(kept):
    states = kept.summary["runs"]["fetch-bank-statement"]
    assert states["failed"] == kept.summary["staged_failures"] == 1
    error = await kept.database.fetchval("select error from jobd.history where state = 'failed'")
    assert "staged: the bank is unreachable now and then" in error
    assert kept.summary["by_hand"] == {}


async def test_what_it_shows_of_itself_is_closed_to_others(kept):
    mode = stat.S_IMODE(kept.directory.stat().st_mode)
    assert mode == (0o711 if os.geteuid() == 0 else 0o700)
