"""Filters over real runs: what a page and a count find, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from serving import SmallDaemon, served, small_daemon
from support.waiting import until

from jobd.model.bulk import BulkAction
from jobd.model.change import Actor
from jobd.model.filter import parse_filter
from jobd.model.privacy import NOTHING
from jobd.model.run import NewRun
from jobd.store.bulk import Bulks
from jobd.store.scrubbing import Scrubbing
from jobd.testing.postgres import fresh_database


async def said(response: aiohttp.ClientResponse, status: int = 200) -> Any:
    body = await response.json()
    assert response.status == status, body
    return body


@pytest.fixture
async def runs(daemon: SmallDaemon) -> dict[str, int]:
    """Six runs in six states, by what is special about them."""
    ids: dict[str, int] = {}

    async def add(name: str, job: str = "tidy", **more: Any) -> int:
        ids[name] = (await daemon.enqueue(NewRun(job=job, **more)))[0]
        return ids[name]

    await add("queued", args={"note": "50% _x_"})
    await daemon.running(await add("running", job="mail", args={"to": "a", "subject": "s"}))
    await daemon.running(await add("claimed"), started=False)
    retrying = await add("retrying", job="backup", queue="low")
    await daemon.database.execute(
        "update jobd.runs set state = 'scheduled', attempt = 2, due_at = now() + interval '1 hour' where id = $1",
        retrying,
    )
    await daemon.database.execute(
        "insert into jobd.attempts (run_id, attempt, finished_at, outcome, error)"
        " values ($1, 1, now(), 'failed', 'TimeoutError: no answer')",
        retrying,
    )
    await daemon.ended(await add("failed", args={"note": "user 42", "batch": 7}), "failed", error="TimeoutError: slow")
    await daemon.database.execute(
        "update jobd.history set started_at = finished_at - interval '9 seconds', attempt = 4"
    )
    await daemon.ended(await add("old", args={"batch": 7}), "failed", error="TimeoutError: older")
    await daemon.database.execute(
        "update jobd.history set finished_at = finished_at - interval '1 day 1 minute' where id = $1", ids["old"]
    )
    return ids


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "queued running claimed retrying failed old"),
        ("state:queued", "queued claimed"),
        ("state:failed,retrying", "retrying failed old"),
        ("state:running", "running"),
        ("state:scheduled", "retrying"),
        ("job:ti*", "queued claimed failed old"),
        ("job:tidy", "queued claimed failed old"),
        ("job:mail,backup", "running retrying"),
        ("queue:low", "running retrying"),
        ("attempt:>1", "retrying failed"),
        ("attempt:4", "failed"),
        ("took:>5s", "failed"),
        ("took:<=9s state:failed", "failed old"),
        ("arg.batch:7", "failed"),
        ("arg.batch:7 since:3d", "failed old"),
        ("arg.note:user*", "failed"),
        ("arg.batch:7,8", "failed"),
        ("arg.note:nothing,50*", "queued"),
        ("error:slow,no", "retrying failed"),
        ("error:timeout error:slow,nothing", "failed"),
        ("state:retrying answer", "retrying"),
        ("JOB:Backup", "retrying"),
        ("error:timeouterror", "retrying failed"),
        ("error:timeout error:slow", "failed"),
        ('"50% _x_"', "queued"),
        ("user 42", "failed"),
        ("since:1h", "queued running claimed retrying failed"),
        ("until:1h", "old"),
        ("node:7 state:running", "running"),
        ("source:sql*", ""),
    ],
)
async def test_a_filter_finds_what_it_says(client, runs: dict[str, int], text: str, found: str) -> None:
    names = {number: name for name, number in runs.items()}
    page = await said(await client.get("/v1/runs", params={"filter": text}))
    assert {names[run["id"]] for run in page["runs"]} == set(found.split())
    count = await said(await client.get("/v1/runs/count", params={"filter": text}))
    assert (count["count"], count["more"]) == (len(found.split()), False)


async def test_an_id_finds_that_run_alone_wherever_it_is(client, runs: dict[str, int]) -> None:
    for name, number in runs.items():
        page = await said(await client.get("/v1/runs", params={"filter": f"id:{number}"}))
        assert [run["id"] for run in page["runs"]] == [number], name
    both = f"id:{runs['failed']},{runs['queued']} job:tidy"
    page = await said(await client.get("/v1/runs", params={"filter": both}))
    assert [run["id"] for run in page["runs"]] == [runs["queued"], runs["failed"]]
    assert (await said(await client.get("/v1/runs/count", params={"filter": "id:999999"})))["count"] == 0


async def test_a_search_that_names_no_time_says_how_far_back_it_went(client, runs) -> None:
    assert (await said(await client.get("/v1/runs", params={"filter": "error:timeout"})))["since"] is not None
    assert (await said(await client.get("/v1/runs", params={"filter": "error:timeout since:7d"})))["since"] is None
    assert (await said(await client.get("/v1/runs", params={"filter": "job:tidy"})))["since"] is None


async def test_pages_of_a_filter_leave_nothing_out_and_tell_nothing_twice(client, runs: dict[str, int]) -> None:
    seen: list[int] = []
    more: dict[str, str] = {}
    while True:
        page = await said(await client.get("/v1/runs", params={"filter": "since:3d", "limit": "1", **more}))
        seen += [run["id"] for run in page["runs"]]
        if page["next"] is None:
            break
        more = {"after": page["next"]}
    assert sorted(seen) == sorted(runs.values())


async def test_a_count_stops_where_it_was_told_to(client, runs) -> None:
    count = await said(await client.get("/v1/runs/count", params={"filter": "", "most": "3"}))
    assert (count["count"], count["more"]) == (3, True)


async def test_what_is_wrong_with_a_filter_is_pointed_at(client) -> None:
    error = (await said(await client.get("/v1/runs", params={"filter": "job:a stat:x"}), 400))["error"]
    assert (error["code"], error["start"], error["end"]) == ("bad_filter", 6, 12)
    assert '"state"' in error["hint"]
    error = (await said(await client.get("/v1/runs", params={"filter": "", "job": "tidy"}), 400))["error"]
    assert "belongs into the filter" in error["message"]


@pytest.fixture(scope="module")
async def masking(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A daemon with `[privacy] redact`, and a client of it."""
    path = tmp_path_factory.mktemp("masked") / "s.sock"
    redact = ["args.note", "result.iban", "mail.text"]
    async with (
        fresh_database(postgres_url) as url,
        small_daemon(url, redact) as daemon,
        served(daemon, path) as client,
    ):
        await daemon.reset()
        yield daemon, client


async def test_masked_values_are_in_no_answer(masking) -> None:
    daemon, client = masking
    run, _ = await daemon.enqueue(NewRun(job="tidy", args={"note": "4111-secret", "batch": 1}))
    await daemon.ended(run, result={"iban": "DE00-secret", "n": 1})
    message = await daemon.database.fetchval(
        "insert into jobd.outbox (job, sender, recipient, kind, subject, text, message_id)"
        " values ('mail', 'a@b', 'c@d', 'k', 's', 'dear secret', '<1@b>') returning id"
    )
    for path in (f"/v1/runs/{run}", "/v1/runs", "/v1/runs?filter=job:tidy", f"/v1/outbox/{message}", "/v1/outbox"):
        text = await (await client.get(path)).text()
        assert "secret" not in text, text
        assert "********" in text or path == "/v1/outbox", text
    shown = await said(await client.get(f"/v1/runs/{run}"))
    assert (shown["args"], shown["result"]) == ({"note": "********", "batch": 1}, {"iban": "********", "n": 1})


async def test_masked_arguments_of_a_job_are_no_defaults_to_be_read(masking) -> None:
    daemon, client = masking
    daemon.jobs = {**daemon.jobs, "tidy": replace(daemon.jobs["tidy"], args={"note": "4111-secret", "batch": 50})}
    text = await (await client.get("/v1/jobs/tidy")).text()
    assert "secret" not in text
    assert "********" in text


async def test_a_run_whose_masked_arguments_were_overwritten_is_not_retried(masking) -> None:
    daemon, client = masking
    run, _ = await daemon.enqueue(NewRun(job="tidy", args={"note": "secret"}))
    await daemon.ended(run, "failed")
    scrubbing, age = Scrubbing(daemon.database), timedelta(0)
    assert not await scrubbing.history(["args.note", "result.iban", "mail.text"], age), "it was the last batch"
    error = (await said(await client.post(f"/v1/runs/{run}/retry"), 409))["error"]
    assert "were overwritten" in error["message"]


async def test_what_is_masked_cannot_be_guessed_by_a_filter(masking) -> None:
    daemon, client = masking
    await daemon.enqueue(NewRun(job="tidy", args={"note": "hidden-word", "batch": 1}))
    error = (await said(await client.get("/v1/runs", params={"filter": "arg.note:hidden*"}), 409))["error"]
    assert "masked" in error["message"]
    assert (await said(await client.get("/v1/runs", params={"filter": "hidden-word"})))["runs"] == []
    assert len((await said(await client.get("/v1/runs", params={"filter": "arg.batch:1 state:queued"})))["runs"]) == 1


async def test_nor_by_how_many_runs_a_bulk_finds(masking) -> None:
    daemon, client = masking
    for _ in range(2):
        run, _ = await daemon.enqueue(NewRun(job="tidy", queue="low", args={"note": "RUNPW-hidden", "batch": 3}))
        await daemon.ended(run, "failed")
    bulk = {"action": "retry", "expected_count": 5}
    for path in ("note", "note.0"):
        wanted = {**bulk, "filter": f"state:failed arg.{path}:RUN*"}
        error = (await said(await client.post("/v1/runs/bulk", json=wanted), 409))["error"]
        assert "masked" in error["message"]
    assert "RUN*" not in await (await client.get("/v1/bulk")).text()
    assert "RUN*" not in await (await client.get("/v1/audit")).text()
    begun = await said(await client.post("/v1/runs/bulk", json={**bulk, "filter": "state:failed RUNPW-hidden"}), 202)
    assert begun["matched"] == 0
    allowed = {**bulk, "filter": "state:failed arg.batch:3 queue:low"}
    assert (await said(await client.post("/v1/runs/bulk", json=allowed), 202))["matched"] == 2
    await daemon.enqueue(NewRun(job="tidy", queue="low", args={"note": "RUNPW-hidden"}))
    purged = await said(await client.post("/v1/queues/low/purge", json={"expected_count": 5}), 202)
    assert 1 <= purged["matched"] <= 3


async def test_a_bulk_that_was_begun_before_the_mask_ends_with_the_reason(masking) -> None:
    daemon, _ = masking
    run, _ = await daemon.enqueue(NewRun(job="tidy", args={"note": "RUNPW-hidden"}))
    await daemon.ended(run, "failed")
    me = Actor(name="uid:0 (root)", uid=0)
    before = Bulks(daemon.database, NOTHING)
    bulk = await before.begin(BulkAction.RETRY, parse_filter("state:failed arg.note:RUN*"), 5, me)
    await daemon.operations.begin(BulkAction.RETRY, parse_filter("state:failed job:none"), 0, me)  # wakes who works

    async def over() -> Any:
        return None if (found := await before.one(bulk.id)).state == "running" else found

    found = await until(over, 10, "the end of the bulk")
    assert (found.state, found.changed) == ("failed", 0)
    assert "masked" in (found.error or "")
