"""The views of docs/business-jobs.md: the jobs work on an application whose tables are named otherwise."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from jobd.clients.paymob import Judgement, Verdict
from jobd.jobs.clean_old_audit_trail import clean_old_audit_trail
from jobd.jobs.expire_subscriptions import expire_subscriptions
from jobd.jobs.send_email import send_expiry_reminders
from jobd.jobs.settle_payment import settle
from jobd.statements import statements
from jobd.store.migrate import migrate
from jobd.testing.context import TestContext
from jobd.testing.postgres import fresh_database

PAGE = (Path(__file__).parents[2] / "docs" / "business-jobs.md").read_text()
VIEWS = PAGE.partition("<!-- views -->\n```sql\n")[2].partition("```")[0]

TYPES = {
    "Id": "bigint generated always as identity primary key",
    "Amount": "numeric",
    "RefundAmount": "numeric",
    "AutoRenewal": "boolean not null default true",
    "IsDeleted": "boolean not null default false",
    "UserId": "bigint",
    "PlanId": "bigint",
} | dict.fromkeys(("EndDate", "Timestamp", "PaidAt", "FailedAt", "RefundedAt", "CreatedAt"), "timestamptz")


def tables() -> str:
    """The application's tables, with the columns that the views look for."""
    made = []
    for chosen, table in re.findall(r'select (.*?)\s+from "(\w+)";', VIEWS, flags=re.DOTALL):
        columns = ", ".join(f'"{name}" {TYPES.get(name, "text")}' for name in re.findall(r'"(\w+)"', chosen))
        made.append(f'create table "{table}" ({columns});')
    return "\n".join(made)


@pytest.fixture(scope="module")
async def pool(postgres_url: str) -> AsyncIterator[Any]:
    async with fresh_database(postgres_url) as url:
        await migrate(url)
        settings = {"search_path": "jobs"}
        async with asyncpg.create_pool(url, min_size=1, max_size=2, server_settings=settings) as pool:
            await pool.execute(f"set search_path = public; {tables()} {VIEWS} set search_path = jobs")
            await pool.execute("""
                insert into users (full_name, email) values ('Ada', 'ada@example.org');
                insert into subscription_plans (name) values ('Gold');
                insert into user_subscriptions (user_id, subscription_plan_id, status, end_date) values
                    (1, 1, 'Active', now() - interval '1 day'), (1, 1, 'Active', now() + interval '3 days');
                insert into payments (amount, currency, status, paymob_order_id, created_at)
                    values (10, 'EGP', 'Pending', '77', now() - interval '4 days');
                insert into audit_trail (timestamp) values (now() - interval '91 days'), (now())
            """)
            yield pool


async def test_subscriptions_expire_through_their_view(pool: Any) -> None:
    async with TestContext(pool) as ctx:
        assert (await expire_subscriptions(ctx))["mailed"] == 1
    assert await pool.fetchval('select "Status" from public."UserSubscriptions" where "Id" = 1') == "Expired"


async def test_users_are_reminded_through_the_view(pool: Any) -> None:
    async with TestContext(pool) as ctx:
        assert (await send_expiry_reminders(ctx))["reminded"] == 1


async def test_a_payment_is_found_and_settled_through_its_view(pool: Any) -> None:
    sql = statements("jobd.jobs", "reconcile_payments")
    (row,) = await pool.fetch(sql.due_payments, 30, None, None, 10)
    async with TestContext(pool) as ctx:
        assert await settle(ctx, row, Judgement(verdict=Verdict.EXPIRED, reason="nobody tried"), None)
    assert await pool.fetchval('select "Status" from public."Payments"') == "Expired"


async def test_the_audit_trail_is_cleaned_through_its_view(pool: Any) -> None:
    async with TestContext(pool) as ctx:
        assert (await clean_old_audit_trail(ctx))["deleted"] == 1
    assert await pool.fetchval('select count(*) from public."AuditTrails"') == 1
