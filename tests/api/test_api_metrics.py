"""/metrics as a client sees it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from serving import SmallDaemon, served

from jobd.errors import StoreUnavailable
from jobd.model.reports import QueueReport
from jobd.model.run import NewRun
from jobd.store.endings import Tally, bucket


async def metrics(client: aiohttp.ClientSession) -> dict[tuple[str, ...], float]:
    response = await client.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(await response.text())
        for sample in family.samples
    }


async def test_metrics_are_this_process_own_counts_and_what_waits(client, daemon: SmallDaemon, monkeypatch) -> None:
    monkeypatch.setattr("jobd.api.metrics.KEPT_SECONDS", 0.0)
    await daemon.enqueue(NewRun(job="tidy"))
    tally = Tally(succeeded=3, failed=1, run_ms=4500.0)
    tally.run_hist[bucket(1500)] = 3
    daemon.tallies = {("tidy", "default"): tally}
    found = await metrics(client)
    assert found["jobd_attempts_total", "tidy", "succeeded", "default"] == 3
    assert found["jobd_run_seconds_sum", "tidy", "default"] == 4.5
    assert found["jobd_run_seconds_bucket", "tidy", "1.024", "default"] == 0
    assert found["jobd_run_seconds_bucket", "tidy", "2.048", "default"] == 3
    assert found["jobd_queue_runs", "default", "queued"] == 1
    assert found["jobd_ready",] == found["jobd_store_up",] == 1
    assert found["jobd_runs_retrying",] == 0
    daemon.tallies = {}


async def test_metrics_tell_what_is_tried_again(client, daemon: SmallDaemon, monkeypatch) -> None:
    monkeypatch.setattr("jobd.api.metrics.KEPT_SECONDS", 0.0)
    run, _ = await daemon.enqueue_many([NewRun(job="tidy"), NewRun(job="tidy")])
    await daemon.database.execute("update jobd.runs set attempt = 1 where id = $1", run)
    assert (await metrics(client))["jobd_runs_retrying",] == 1


async def test_metrics_answer_while_postgres_does_not(client, daemon: SmallDaemon, monkeypatch) -> None:
    monkeypatch.setattr("jobd.api.metrics.KEPT_SECONDS", 0.0)

    async def gone() -> None:
        raise StoreUnavailable("Postgres: connection refused")

    monkeypatch.setattr(daemon.views, "queues", gone)
    found = await metrics(client)
    assert found["jobd_store_up",] == 0
    assert not [name for name in found if name[0] == "jobd_queue_runs"]


async def test_scrapes_at_once_share_one_look_from_the_first_on(daemon: SmallDaemon, tmp_path: Path, monkeypatch):
    looks, ask = 0, daemon.views.queues

    async def counted() -> list[QueueReport]:
        nonlocal looks
        looks += 1
        return await ask()

    monkeypatch.setattr(daemon.views, "queues", counted)
    async with served(daemon, tmp_path / "jobd.sock") as fresh:
        found = await asyncio.gather(*(metrics(fresh) for _ in range(5)))
    assert [one["jobd_store_up",] for one in found] == [1] * 5
    assert all(("jobd_queue_runs", "default", "queued") in one for one in found)
    assert looks == 1


async def test_a_scrape_that_went_away_leaves_nothing_half_seen(daemon: SmallDaemon, tmp_path: Path, monkeypatch):
    asked, ask = asyncio.Event(), daemon.views.queues

    async def stuck() -> list[QueueReport]:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(daemon.views, "queues", stuck)
    async with served(daemon, tmp_path / "jobd.sock") as fresh:
        gone = asyncio.create_task(metrics(fresh))
        await asked.wait()
        gone.cancel()
        monkeypatch.setattr(daemon.views, "queues", ask)
        async with asyncio.timeout(10):
            assert (await metrics(fresh))["jobd_store_up",] == 1
