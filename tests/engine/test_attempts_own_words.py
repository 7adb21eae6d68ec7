"""A job's own words about its end: Cancel, Retry, and a transaction that ends the run."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from support.nodes import live_row
from support.waiting import until
from test_attempts import JOBS, proves_to_live

PAID = "create table if not exists public.paid (run bigint primary key); delete from public.paid"


async def test_cancel_ends_the_run_with_its_reason(alive):
    async with alive(JOBS) as live:
        row = await live.until_ended(await live.add("ends_early", how="cancel"))
        assert (row["state"], row["reason"]) == ("cancelled", "already paid")


async def test_retry_waits_as_long_as_it_says_and_spends_one_retry(alive, store):
    async with alive(JOBS) as live:
        run = await live.add("ends_early", how="retry")
        row = await until(lambda: scheduled(store, run))
        now = await store.database.fetchval("select now()")
        assert timedelta(minutes=6, seconds=50) < row["due_at"] - now <= timedelta(minutes=7)
        assert (row["retries_left"], row["attempt"]) == (1, 1)


async def test_a_free_retry_spends_nothing(alive, store):
    async with alive(JOBS) as live:
        run = await live.add("ends_early", how="free")
        row = await live.until_ended(run)
        assert (row["state"], row["attempt"]) == ("cancelled", 4)


@pytest.mark.parametrize("how", ["unspeakable cancel", "after is a number", "at is a text", "after is for ever"])
async def test_one_of_jobds_own_words_used_wrongly_does_not_hurt_the_node(alive, store, how):
    async with alive(JOBS) as live:
        run = await live.add("ends_early", how=how)

        async def through():
            row = await live_row(store, run)
            return row is None or row["state"] == "scheduled"

        await until(through)
        await proves_to_live(live)


async def test_a_run_that_ends_in_its_own_transaction_commits_both_or_neither(alive, store):
    await store.database.execute(PAID)
    async with alive(JOBS) as live:
        done = await live.until_ended(await live.add("commits"))
        assert (done["state"], json.loads(done["result"])) == ("succeeded", {"paid": 1})
        after = await live.until_ended(await live.add("commits", then="after"))
        assert after["state"] == "succeeded"
        inside = await live.add("commits", then="inside")
        await until(lambda: scheduled(store, inside))
        paid = await store.database.fetch("select run from public.paid order by run")
        assert [row["run"] for row in paid] == [done["id"], after["id"]]


async def test_a_run_whose_lease_is_gone_cannot_commit_its_own_transaction(alive, store):
    await store.database.execute(PAID)
    await store.database.execute(
        "create or replace function public.steal() returns trigger language plpgsql as $$ begin"
        " update jobd.runs set node = node + 1000 where id = new.run; return new; end $$;"
        " create trigger steal after insert on public.paid for each row execute function public.steal()"
    )
    try:
        async with alive(JOBS) as live:
            run = await live.add("commits")
            await until(lambda: not live.node.workers.under_way and claimed_once(store, run))
            assert await store.database.fetchval("select count(*) from public.paid") == 0
    finally:
        await store.database.execute("drop trigger steal on public.paid; drop function public.steal")


async def claimed_once(store, run: int):
    row = await live_row(store, run)
    return row is not None and row["attempt"] == 1


async def scheduled(store, run: int):
    row = await live_row(store, run)
    return row if row is not None and row["state"] == "scheduled" else None
