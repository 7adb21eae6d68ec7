"""A word that there is work is never lost: with the poll out of the way, what is told alone must be enough."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support import nodes

NEVER = timedelta(hours=1)
JOBS = """
[jobs.keyed]
run = "support.jobs:nothing"
concurrency = { key = "args.who", max = 50 }
"""


@pytest.mark.parametrize("job", ["nothing", "keyed"])
async def test_a_run_that_comes_while_a_claim_is_under_way_starts_without_a_poll(store, tmp_path, job):
    args = {"who": 1} if job == "keyed" else {}
    async with nodes.alive(store, JOBS, directory=tmp_path / "state", poll=NEVER) as live:
        for _ in range(40):
            # the second one is told while the claim that the first one caused waits for its answer
            pair = [await live.add(job, **args), await live.add(job, **args)]
            for run in pair:
                await live.until_ended(run, 3)
