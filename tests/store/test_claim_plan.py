"""The claim stays on its index whatever lies in the table and whenever its plan was made."""

from __future__ import annotations

import json

import pytest
from support.rows import loaded, node

from jobd.store.runs import INDEX_ONLY
from jobd.store.runs import sql as runs_sql

FILL = """
insert into jobd.runs (job, queue, source, retries_left, priority, due_at)
select 'job', 'default', 'test', 0, i % 3, now() - i * interval '1 ms' from generate_series(1, $1::integer) i
"""


def indexes(plan: object) -> set[str]:
    """Names of all indexes that a plan reads, and "seq" when it reads the table of runs from end to end."""
    found: set[str] = set()
    match plan:
        case dict():
            if plan.get("Node Type") == "Seq Scan" and plan.get("Relation Name") == "runs":
                found.add("seq")
            found |= {plan["Index Name"]} if "Index Name" in plan else set()
            for inner in plan.values():
                found |= indexes(inner)
        case list():
            for inner in plan:
                found |= indexes(inner)
    return found


async def plan_of(connection, statement, *args):
    """The plan of one execution, which is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        text = await connection.fetchval(f"explain (analyze, buffers, format json) {statement}", *args)
    finally:
        await transaction.rollback()
    return json.loads(text)[0]


@pytest.fixture
async def full(store):
    """200,000 runs wait, and nobody has analysed the table since it was empty."""
    await loaded(store)
    await store.database.execute("truncate jobd.runs")
    yield store
    await store.database.execute("truncate jobd.runs")
    await store.database.execute("analyze jobd.runs")


async def test_the_claim_reads_its_index_with_200_000_runs_waiting(full):
    holder = await node(full)
    link = full.database.link("plan", setup=INDEX_ONLY)
    try:
        async with link.use() as connection:
            empty = await connection.prepare(runs_sql.claim)
            for _ in range(6):  # the sixth execution of a statement is the first that may use a plan made for ever
                assert await empty.fetch(["default"], [10], ["job"], holder, True) == []
            await full.database.execute(FILL, 200_000)
            plan = await plan_of(connection, runs_sql.claim, ["default"], [10], ["job"], holder, True)
            assert "runs_claimable" in indexes(plan) and "seq" not in indexes(plan)
            assert plan["Execution Time"] < 50
            assert len(await empty.fetch(["default"], [10], ["job"], holder, True)) == 10
    finally:
        await link.close()


async def test_a_claim_whose_plan_was_made_on_the_empty_table_is_as_quick_on_the_full_one(full):
    holder = await node(full)
    for _ in range(6):
        assert await full.runs.claim({"default": 10}, ["job"], holder, starts=True) == []
    await full.database.execute(FILL, 200_000)
    async with full.runs._claims.use() as connection:
        read = "select idx_tup_read from pg_stat_user_indexes where indexrelname = 'runs_claimable'"
        scans = "select coalesce(sum(seq_tup_read), 0) from pg_stat_user_tables where relname = 'runs'"
        await connection.execute("select pg_stat_force_next_flush()")
        before = await connection.fetchval(scans)
        for _ in range(3):
            assert len(await connection.fetch(runs_sql.claim, ["default"], [10], ["job"], holder, True)) == 10
        await connection.execute("select pg_stat_force_next_flush()")
        assert await connection.fetchval(read) is not None
        assert await connection.fetchval(scans) == before
