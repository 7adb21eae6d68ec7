"""jobctl and a real daemon that does not work, or not on this job: what it is asked tells that first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from jobctl_daemon import Live, living

from jobd.testing.postgres import fresh_database


@pytest.fixture
async def url(postgres_url: str) -> AsyncIterator[str]:
    async with fresh_database(postgres_url) as url:
        yield url


async def causes(live: Live, *words: str) -> list[str]:
    ran = await live.jobctl("why", *words, "--json")
    assert ran.code == 0, ran.err
    return [cause["code"] for cause in ran.json["causes"]]


async def test_a_daemon_that_is_disabled_says_so_of_schedules_and_jobs_and_at_a_glance(url: str, tmp_path: Path):
    async with living(tmp_path, url, daemon="[daemon]\nenabled = false") as live:
        ran = await live.jobctl("why", "schedule", "nightly")
        assert ran.out.startswith("schedule nightly does not fire: [daemon] enabled = false: nothing fires, nothing ")
        assert "  → set [daemon] enabled = true\n" in ran.out
        assert await causes(live, "job", "fires") == ["daemon_disabled", "empty", "not_fired"]
        assert (await live.jobctl("queues", "pause", "default")).code == 0
        assert (await causes(live, "job", "nothing"))[:2] == ["daemon_disabled", "queue_paused"]
        glance = await live.jobctl("status", "--glance")
        assert glance.out == "jobd ● warned (disabled) 0 running 0 queued 0 failed/1h\n"


async def test_a_run_whose_job_was_removed_or_disabled_meanwhile_waits_for_that_alone(url: str, tmp_path: Path):
    async with living(tmp_path, url) as live:
        assert (await live.jobctl("queues", "pause", "shelf")).code == 0
        gone, disabled = [
            (await live.jobctl("trigger", job, "--queue", "shelf", "-o", "id")).out.strip()
            for job in ("fails", "nothing")
        ]
        live.rewrite('[jobs.fails]\nrun = "support.jobs:fails"\nretries = 0\n', "")
        live.rewrite("[jobs.nothing]\n", "[jobs.nothing]\nenabled = false\n")
        assert (await live.jobctl("reload")).code == 0
        assert await causes(live, "run", gone) == ["job_gone", "queue_paused"]
        assert await causes(live, "run", disabled) == ["job_disabled", "queue_paused"]
