"""/v1/runs as a client sees it."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import aiohttp
import pytest
from serving import SmallDaemon

from jobd.model.run import NewRun


async def said(response: aiohttp.ClientResponse, status: int) -> Any:
    body = await response.json()
    assert response.status == status, body
    return body


async def test_an_enqueue_answers_with_the_id_under_which_the_run_is_shown(client):
    added = await said(await client.post("/v1/runs", json={"job": "tidy", "args": {"note": "x"}}), 201)
    assert added["fresh"] is True
    run = await said(await client.get(f"/v1/runs/{added['id']}"), 200)
    assert (run["job"], run["state"], run["queue"], run["retries_left"]) == ("tidy", "queued", "default", 3)
    assert run["args"] == {"batch": 50, "note": "x"}
    assert run["source"] == f"api uid:{os.geteuid()}"


async def test_texts_become_what_the_function_takes(client):
    texts = {"to": "812", "subject": "true", "copies": '["a", "b"]'}
    added = await said(await client.post("/v1/runs", json={"job": "mail", "arg_texts": texts}), 201)
    run = await said(await client.get(f"/v1/runs/{added['id']}"), 200)
    assert run["args"] == {"to": "812", "subject": "true", "copies": ["a", "b"]}


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        ({"job": "tidi"}, 404, "unknown_job", "tidy"),
        ({"job": "tidy", "args": {"bach": 5}}, 400, "arguments_refused", '"batch"'),
        ({"job": "tidy", "args": {"batch": "five"}}, 400, "arguments_refused", "batch: must be int"),
        ({"job": "tidy", "args": {"batch": True}}, 400, "arguments_refused", "batch: must be int"),
        ({"job": "mail", "args": {"to": "a"}}, 400, "arguments_refused", "subject: is required"),
        ({"job": "mail", "args": {"to": "a", "subject": "\x00"}}, 400, "arguments_refused", "NUL"),
        ({"job": "mail", "args": {"to": "a", "subject": "\ud800"}}, 400, "arguments_refused", "surrogate"),
        ({"job": "backup", "args": {"x": "y" * 1_040_000, "z": "é" * 2000}}, 413, "too_large", "1,048,576"),
        ({"job": "tidy", "queue": "lo"}, 400, "unknown_queue", "low"),
        ({"job": "tidy", "prioriti": 1}, 400, "bad_request", '"priority"'),
        ({"job": "tidy", "priority": 101}, 400, "bad_request", "priority"),
        ({"job": "tidy", "delay": "5 parsecs"}, 400, "bad_request", "delay"),
        ({"job": "tidy", "at": "2026-12-01T00:00:00"}, 400, "bad_request", "at"),
        ({"job": "tidy", "delay": "5m", "at": "2026-12-01T00:00:00Z"}, 400, "bad_request", "exclude"),
        ({"args": {}}, 400, "bad_request", "job"),
        ("tidy", 400, "bad_request", "Enqueue"),
        (["tidy"], 400, "bad_request", "[0]: Input should be"),
        ([{"job": "tidy"}, {"job": "tidi"}], 404, "unknown_job", "[1]: there is no job tidi"),
        ([{"job": "tidy"}, {"job": "tidy", "queue": "lo"}], 400, "unknown_queue", "[1]: there is no queue lo"),
        ([{"job": "tidy"}, {"job": "tidy", "args": {"batch": "x"}}], 400, "arguments_refused", "[1]: batch: must be"),
        ([{"job": "tidy"}, {"job": "tidy", "args": {"note": "\x00"}}],
            400, "arguments_refused", "[1]: args.note: holds"),
        ([{"job": "tidy", "prioriti": 1}], 400, "bad_request", '[0]: prioriti: no such field; did you mean "priority"'),
        ([{"job": "tidy", "delay": "5m", "at": "2026-12-01T00:00:00Z"}], 400, "bad_request", "[0]: delay and at"),
        ([{"job": "tidy"}] * 1001, 413, "too_large", "1,000"),
    ],
)
async def test_an_enqueue_that_cannot_work_is_refused_with_the_place_and_stores_nothing(
    client, daemon, body, status, code, words
):
    refused = (await said(await client.post("/v1/runs", json=body), status))["error"]
    assert refused["code"] == code
    assert words in refused["message"] + (refused["hint"] or "")
    assert await daemon.database.fetchval("select count(*) from jobd.runs") == 0


async def test_a_delayed_run_is_due_by_the_clock_of_postgres(client, daemon):
    added = await said(await client.post("/v1/runs", json={"job": "tidy", "delay": "5m"}), 201)
    seconds = await daemon.database.fetchval(
        "select extract(epoch from due_at - created_at)::float8 from jobd.runs where id = $1 and state = 'scheduled'",
        added["id"],
    )
    assert 299 < seconds < 301


async def test_many_runs_are_added_at_once_and_their_ids_come_in_order(client):
    wanted = [{"job": "tidy", "args": {"note": f"{n}"}, "priority": n % 3} for n in range(200)]
    wanted[7]["delay"] = "5m"
    ids = (await said(await client.post("/v1/runs", json=wanted), 201))["ids"]
    assert len(set(ids)) == 200
    for place in (0, 7, 199):
        run = await said(await client.get(f"/v1/runs/{ids[place]}"), 200)
        assert (run["args"]["note"], run["priority"]) == (f"{place}", place % 3)
        assert (run["state"], run["source"]) == ("scheduled" if place == 7 else "queued", f"api uid:{os.geteuid()}")
    assert await said(await client.post("/v1/runs", json=[]), 201) == {"ids": []}


async def test_a_key_answers_with_the_first_run(client):
    first = await said(await client.post("/v1/runs", json={"job": "tidy", "key": "once"}), 201)
    second = await said(await client.post("/v1/runs", json={"job": "tidy", "key": "once"}), 200)
    assert second == {"id": first["id"], "fresh": False}
    twice = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    refused = await said(await client.post("/v1/runs", json={"job": "tidy"}, headers=twice), 400)
    assert "more than once" in refused["error"]["message"]


async def test_a_waiting_run_is_cancelled_at_once_and_only_once(client, daemon):
    [run] = await daemon.store.enqueue([NewRun(job="tidy")])
    assert await said(await client.post(f"/v1/runs/{run}/cancel", json={"reason": "wrong"}), 200) == {
        "id": run,
        "state": "cancelled",
    }
    ended = await said(await client.get(f"/v1/runs/{run}"), 200)
    assert (ended["state"], ended["reason"]) == ("cancelled", "wrong")
    refused = await said(await client.post(f"/v1/runs/{run}/cancel"), 409)
    assert "has ended already: cancelled" in refused["error"]["message"]


async def test_a_running_run_is_asked_to_stop(client, daemon):
    [run] = await daemon.store.enqueue([NewRun(job="tidy")])
    await daemon.running(run)
    assert (await said(await client.post(f"/v1/runs/{run}/cancel"), 202))["state"] == "running"
    assert (await said(await client.get(f"/v1/runs/{run}"), 200))["cancel_requested"] is True


async def test_an_ended_run_is_tried_again_as_a_new_one_and_a_live_one_is_not(client, daemon):
    [run] = await daemon.store.enqueue([NewRun(job="tidy", args={"note": "n"})])
    assert "has not ended: queued" in (await said(await client.post(f"/v1/runs/{run}/retry"), 409))["error"]["message"]
    await daemon.ended(run, "failed", error="boom")
    again = await said(await client.post(f"/v1/runs/{run}/retry"), 201)
    shown = await said(await client.get(f"/v1/runs/{again['id']}"), 200)
    assert (shown["retried_from"], shown["state"], shown["args"]) == (run, "queued", {"batch": 50, "note": "n"})


async def test_a_scheduled_run_is_due_now_under_its_own_id(client, daemon):
    run = (await said(await client.post("/v1/runs", json={"job": "tidy", "delay": "1h"}), 201))["id"]
    (cause, *_) = (await said(await client.get(f"/v1/why/run/{run}"), 200))["causes"]
    assert (cause["code"], cause["mend"]) == ("due_later", f"jobctl retry {run}")
    answered = await said(await client.post(f"/v1/runs/{run}/retry", json={"reason": "now"}), 200)
    assert answered == {"id": run, "retried_from": None}
    assert (await said(await client.get(f"/v1/runs/{run}"), 200))["state"] == "queued"
    error = (await said(await client.post(f"/v1/runs/{run}/retry"), 409))["error"]
    assert f"jobctl why {run}" in error["message"]
    (entry,) = (await said(await client.get("/v1/audit"), 200))["entries"]
    assert (entry["action"], entry["reason"]) == ("run.retry", "now")


async def test_a_run_that_never_was_is_not_found_whatever_is_asked_of_it(client):
    for method, path in (("GET", ""), ("GET", "/wait"), ("POST", "/cancel"), ("POST", "/retry")):
        response = await client.request(method, f"/v1/runs/9223372036854775807{path}")
        assert (await said(response, 404))["error"]["code"] == "not_found"
    assert (await said(await client.get("/v1/runs/9999999999999999999"), 404))["error"]["code"] == "not_found"


async def test_waiting_ends_when_the_run_does(client, daemon):
    [run] = await daemon.store.enqueue([NewRun(job="tidy")])
    waiting = [asyncio.create_task(client.get(f"/v1/runs/{run}/wait?timeout=60")) for _ in range(3)]
    async with asyncio.timeout(10):
        while len(daemon.endings._waiters) == 0:
            await asyncio.sleep(0)
        await daemon.ended(run, "failed", error="boom")
        for answer in waiting:
            assert (await said(await answer, 200))["state"] == "failed"


async def test_waiting_ends_after_its_time_with_the_run_as_it_stands(client, daemon):
    [run] = await daemon.store.enqueue([NewRun(job="tidy")])
    assert (await said(await client.get(f"/v1/runs/{run}/wait?timeout=0.05"), 200))["state"] == "queued"
    assert not daemon.endings._over, "nobody waits any more"


async def test_pages_follow_each_other_without_a_gap(client, daemon):
    ids = await daemon.store.enqueue([NewRun(job="tidy") for _ in range(7)])
    for run in ids[:4]:
        await daemon.ended(run)
    seen, after, pages = [], "", 0
    while True:
        page = await said(await client.get(f"/v1/runs?limit=2{after}"), 200)
        seen += [run["id"] for run in page["runs"]]
        pages += 1
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    assert pages == 4


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sate=failed", '"state"'),
        ("state=broken", "state"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("after=abc", "cursor"),
        ("after=live.-1", "cursor"),
        ("after=99999999999999999999999.1", "cursor"),
        ("state=failed&state=queued", "twice"),
    ],
)
async def test_a_query_that_says_nothing_clear_is_refused(client, query, words):
    refused = await said(await client.get(f"/v1/runs?{query}"), 400)
    assert words in refused["error"]["message"]


async def test_filters_choose(client, daemon: SmallDaemon):
    tidy, mail, backup = await daemon.store.enqueue([NewRun(job="tidy"), NewRun(job="mail"), NewRun(job="backup")])
    await daemon.ended(mail, "failed", error="no route")

    async def chosen(query: str) -> list[int]:
        return [run["id"] for run in (await said(await client.get(f"/v1/runs?{query}"), 200))["runs"]]

    assert await chosen("state=failed,cancelled") == [mail]
    assert await chosen("job=t*") == [tidy]
    assert await chosen("job=mail") == [mail]
    assert await chosen("queue=low") == [backup, mail]
    assert await chosen("job=%25") == [], "a percent sign is no wildcard"
