"""Subscriptions for the tests of this directory."""

from __future__ import annotations

from datetime import timedelta
from typing import Any


async def subscribe(
    pool: Any,
    *,
    ends_in: timedelta,
    status: str = "Active",
    email: str | None = "ann@example.org",
    name: str = "Ann",
    plan: int = 1,
    deleted: bool = False,
) -> int:
    """The id of a subscription of a user of its own."""
    user = await pool.fetchval("insert into users (full_name, email) values ($1, $2) returning id", name, email)
    return await pool.fetchval(
        "insert into user_subscriptions (user_id, subscription_plan_id, status, start_date, end_date, is_deleted)"
        " values ($1, $2, $3, now() - interval '1 year', now() + $4, $5) returning id",
        user,
        plan,
        status,
        ends_in,
        deleted,
    )


async def mails(pool: Any) -> list[Any]:
    """What is in the outbox, oldest first."""
    return await pool.fetch("select * from jobd.outbox order by id")
