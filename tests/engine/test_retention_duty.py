"""What a node that runs cleans by itself."""

from __future__ import annotations

from datetime import timedelta

from support.waiting import until

from jobd.engine import duties
from jobd.engine.duties import scrub
from jobd.model.settings import PrivacySettings

KEPT = """
[queues]
default = {}
[keep]
audit = "10d"
bulk = "10d"
[privacy]
redact = ["args.card"]
keep = "1h"
[jobs.nothing]
run = "support.jobs:nothing"
"""
RUNS = """
insert into jobd.history (id, finished_at, created_at, due_at, attempt, priority, state, job, queue, source, args)
select n, now() - interval '2 hours', now(), now(), 1, 0, 'succeeded', 'nothing', 'default', 'test', '{"card": "4111"}'
from generate_series(1, $1) n
"""


async def test_a_node_overwrites_private_values_and_deletes_old_lines_and_bulks(alive, store):
    await store.retention.make_partitions()
    await store.database.execute(RUNS, 1)
    await store.database.execute(
        "insert into jobd.audit (at, actor, uid, action, target) values"
        " (now() - interval '11 days', 'uid:0', 0, 'queue.pause', 'old'), (now(), 'uid:0', 0, 'queue.pause', 'new')"
    )
    await store.database.execute(
        "insert into jobd.bulk (action, filter, source, state, expected, matched, finished_at)"
        " values ('retry', '', 'api uid:0', 'done', 1, 1, now() - interval '11 days')"
    )

    async def cleaned() -> bool:
        row = await store.database.fetchrow(
            "select (select args ->> 'card' from jobd.history) as card, (select count(*) from jobd.bulk) as bulks,"
            " (select string_agg(target, ',') from jobd.audit) as lines"
        )
        return tuple(row) == ("********", 0, "new")

    async with alive(KEPT):
        await until(cleaned, 20, "the first round of the retention")


async def test_a_long_round_ends_before_its_time_and_the_next_goes_on(store, monkeypatch):
    await store.retention.make_partitions()
    await store.database.execute(RUNS, 1200)
    monkeypatch.setattr(duties, "SCRUBBED_AT_MOST", 1)
    privacy = PrivacySettings(redact=("args.card",), keep=timedelta(hours=1))
    count = "select count(*) from jobd.history where args ->> 'card' = '4111'"
    left = []
    while not await scrub(store.scrubbing, privacy):
        left.append(await store.database.fetchval(count))
    assert left == [700, 200]
    assert await store.database.fetchval(count) == 0
