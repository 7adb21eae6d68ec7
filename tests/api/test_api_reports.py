"""Outbox, statistics and failures as a client sees them."""

from __future__ import annotations

import math
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import SmallDaemon

from jobd.model.run import NewRun
from jobd.model.stats import quantile
from jobd.store.endings import BUCKETS, Tally, bucket


async def said(response: aiohttp.ClientResponse, status: int = 200) -> Any:
    body = await response.json()
    assert response.status == status, body
    return body


async def message(daemon: SmallDaemon, state: str, subject: str = "s") -> int:
    return await daemon.database.fetchval(
        "insert into jobd.outbox (job, sender, recipient, kind, subject, text, headers, message_id, state, finished_at)"
        """ values ('mail', 'a@b', 'c@d', 'k', $2, 'body', '{"X": "y"}', '<1@b>', $1,"""
        " case when $1 in ('sent', 'bounced', 'dead') then now() end) returning id",
        state,
        subject,
    )


async def test_messages_are_listed_by_state_newest_first_with_counts(client, daemon: SmallDaemon) -> None:
    held = [await message(daemon, "held") for _ in range(3)]
    dead, sent = await message(daemon, "dead"), await message(daemon, "sent")
    page = await said(await client.get("/v1/outbox", params={"state": "held,dead", "limit": "3"}))
    assert [one["id"] for one in page["messages"]] == [dead, held[2], held[1]]
    assert (page["counts"]["held"]["count"], page["counts"]["sent"]["count"]) == (3, 1)
    rest = await said(await client.get("/v1/outbox", params={"state": "held,dead", "after": page["next"]}))
    assert ([one["id"] for one in rest["messages"]], rest["next"]) == ([held[0]], None)
    everything = await said(await client.get("/v1/outbox"))
    assert everything["messages"][0]["id"] == sent and everything["messages"][0]["text"] is None


async def test_one_message_is_shown_with_its_bodies(client, daemon: SmallDaemon) -> None:
    shown = await said(await client.get(f"/v1/outbox/{await message(daemon, 'held', 'hello')}"))
    assert (shown["subject"], shown["text"], shown["headers"]) == ("hello", "body", {"X": "y"})
    assert (await said(await client.get("/v1/outbox/99999"), 404))["error"]["code"] == "not_found"


async def test_messages_are_held_released_and_sent_again_and_the_journal_knows(client, daemon: SmallDaemon) -> None:
    pending, sent, held = [await message(daemon, state) for state in ("pending", "sent", "held")]
    ids = [pending, sent, held]
    assert (await said(await client.post("/v1/outbox/hold", json={"ids": ids, "reason": "wait"})))["ids"] == [pending]
    assert (await said(await client.post("/v1/outbox/release", json={"ids": ids})))["ids"] == [pending, held]
    assert (await said(await client.post("/v1/outbox/resend", json={"ids": ids})))["ids"] == [sent]
    entries = (await said(await client.get("/v1/audit")))["entries"]
    assert [entry["action"] for entry in entries] == ["message.resend", "message.release", "message.hold"]
    assert (entries[2]["reason"], entries[2]["after"]) == ("wait", {"ids": [pending], "state": "held"})
    assert entries[1]["before"] == {"states": {str(pending): "held", str(held): "held"}}


async def minute(daemon: SmallDaemon, job: str, queue: str, seconds: list[float], **counts: int) -> None:
    """What a recorder writes for runs that took so long each."""
    tally = Tally()
    for one in seconds:
        tally.run_hist[bucket(one * 1000)] += 1
        tally.wait_hist[0] += 1
    await daemon.database.execute(
        "insert into jobd.stats (minute, node, job, queue, succeeded, failed, run_ms, wait_ms, run_hist, wait_hist)"
        " values (date_trunc('minute', now()), 1, $1, $2, $3, $4, $5, 0, $6, $7)",
        job, queue, counts.get("succeeded", 0), counts.get("failed", 0), sum(seconds) * 1000,
        tally.run_hist, tally.wait_hist,
    )  # fmt: skip


async def test_stats_are_summed_by_job_and_by_queue(client, daemon: SmallDaemon) -> None:
    await minute(daemon, "tidy", "default", [0.1] * 98 + [30.0] * 2, succeeded=98, failed=2)
    await minute(daemon, "mail", "default", [0.001] * 20, succeeded=20)
    mail, tidy = (await said(await client.get("/v1/stats")))["stats"]
    assert (mail["name"], tidy["name"], tidy["succeeded"], tidy["failed"]) == ("mail", "tidy", 98, 2)
    assert 50 < tidy["per_minute"] <= 100, "the first minute with statistics is this one"
    assert tidy["run"]["mean"] == pytest.approx(0.698)
    assert 0.05 < tidy["run"]["p50"] < 0.15 and 15 < tidy["run"]["p99"] < 35
    (both,) = (await said(await client.get("/v1/stats", params={"by": "queue", "window": "7d"})))["stats"]
    assert (both["name"], both["succeeded"]) == ("default", 118)
    assert (await said(await client.get("/v1/stats", params={"window": "2h"}), 400))["error"]["code"] == "bad_request"


async def test_a_rate_is_of_the_minutes_since_there_are_statistics(client, daemon: SmallDaemon) -> None:
    await minute(daemon, "tidy", "default", [0.1] * 60, succeeded=60)
    await minute(daemon, "mail", "default", [0.1], succeeded=1)
    await daemon.database.execute(
        "update jobd.stats set minute = date_trunc('minute', now() - interval '10 min') where job = 'tidy'"
    )

    async def rates(window: str) -> dict[str, float]:
        found = (await said(await client.get("/v1/stats", params={"window": window})))["stats"]
        return {one["name"]: one["per_minute"] for one in found}

    young = await rates("7d")
    assert 60 / 11 <= young["tidy"] <= 6 and 1 / 11 <= young["mail"] <= 1 / 10, "those of any job count"
    await daemon.database.execute("update jobd.stats set minute = now() - interval '8 d' where job = 'tidy'")
    assert (await rates("1h"))["mail"] == pytest.approx(1 / 60)


async def test_minutes_are_of_one_job_or_of_all(client, daemon: SmallDaemon) -> None:
    await minute(daemon, "tidy", "default", [1.0], succeeded=1)
    await minute(daemon, "mail", "low", [1.0], failed=1)
    (all_of_it,) = (await said(await client.get("/v1/stats/minutes")))["minutes"]
    assert (all_of_it["succeeded"], all_of_it["failed"]) == (1, 1)
    (mail,) = (await said(await client.get("/v1/stats/minutes", params={"job": "mail"})))["minutes"]
    assert (mail["succeeded"], mail["failed"]) == (0, 1)


@given(st.lists(st.floats(min_value=0.0001, max_value=4000), min_size=1, max_size=200), st.floats(0.01, 0.99))
def test_a_quantile_lies_in_the_bucket_of_the_true_one(seconds: list[float], share: float) -> None:
    histogram = [0] * BUCKETS
    for one in seconds:
        histogram[bucket(one * 1000)] += 1
    true = sorted(seconds)[min(len(seconds) - 1, math.ceil(share * len(seconds)) - 1)]
    found = quantile(histogram, sum(seconds) * 1000, share)
    upper, lower = bucket(found * 1000), bucket(found * 999.999)  # the end of a bucket is the beginning of the next
    assert lower <= bucket(true * 1000) <= upper


TRACE = """Traceback (most recent call last):
  File "/app/shop/run.py", line 7, in run
    send()
  File "/app/shop/mail.py", line {line}, in send
    raise TimeoutError("{words}")
TimeoutError: {words}
"""


async def failure(daemon: SmallDaemon, error: str, trace: str | None, job: str = "tidy") -> int:
    run, _ = await daemon.enqueue(NewRun(job=job))
    await daemon.ended(run, "failed", error=error)
    await daemon.database.execute(
        "insert into jobd.attempts (run_id, attempt, finished_at, outcome, error, traceback)"
        " select id, attempt, finished_at, 'failed', error, $2 from jobd.history where id = $1",
        run,
        trace,
    )
    return run


async def test_failures_are_one_when_job_class_and_place_are(client, daemon: SmallDaemon) -> None:
    await failure(daemon, "TimeoutError: a", TRACE.format(line=41, words="a"))
    latest = await failure(daemon, "TimeoutError: b", TRACE.format(line=44, words="b"))
    await failure(daemon, "TimeoutError: b", TRACE.replace("send", "fetch").format(line=41, words="b"))
    await failure(daemon, "took longer than 5 s", None, job="mail")
    await failure(daemon, "took longer than 900 s", None, job="mail")
    found = (await said(await client.get("/v1/failed")))["groups"]
    assert [(one["job"], one["error_class"], one["count"]) for one in found] == [
        ("mail", "took longer than # s", 2),
        ("tidy", "TimeoutError", 1),
        ("tidy", "TimeoutError", 2),
    ]
    assert (found[2]["frame"], found[2]["last_id"]) == ("/app/shop/mail.py:44 in send", latest)
    assert len({one["fingerprint"] for one in found}) == 3
    matching = await said(await client.get("/v1/runs", params={"filter": found[0]["filter"]}))
    assert [run["job"] for run in matching["runs"]] == ["mail", "mail"]


async def failing(daemon: SmallDaemon, error: str, outcome: str = "failed", job: str = "tidy") -> int:
    """A run that waits for its second attempt, four minutes from now."""
    run, _ = await daemon.enqueue(NewRun(job=job))
    await daemon.database.execute(
        "update jobd.runs set state = 'scheduled', attempt = 1, due_at = now() + interval '4 min' where id = $1", run
    )
    await daemon.database.execute(
        "insert into jobd.attempts (run_id, attempt, finished_at, outcome, error) values ($1, 1, now(), $2, $3)",
        run, outcome, error,
    )  # fmt: skip
    return run


async def test_what_fails_and_is_tried_again_is_a_group_of_its_own_before_the_others(client, daemon) -> None:
    await failing(daemon, "ValueError: a")
    latest = await failing(daemon, "ValueError: b")
    await failing(daemon, "took longer than 5 s", "timed_out", job="mail")
    await failing(daemon, "", "interrupted")  # by a stop: nothing failed
    await failure(daemon, "ValueError: c", None)
    found = (await said(await client.get("/v1/failed")))["groups"]
    assert [(one["job"], one["retrying"], one["count"]) for one in found] == [
        ("mail", True, 1), ("tidy", True, 2), ("tidy", False, 1),
    ]  # fmt: skip
    assert found[1]["last_id"] == latest and found[1]["next_at"] > found[1]["last_at"]
    assert found[2]["next_at"] is None and found[1]["fingerprint"] == found[2]["fingerprint"]
    matching = await said(await client.get("/v1/runs", params={"filter": found[1]["filter"]}))
    assert len(matching["runs"]) == 2 and {run["state"] for run in matching["runs"]} == {"scheduled"}


@pytest.mark.parametrize(("state", "kinds"), [("retrying", [True]), ("failed", [False])])
async def test_one_kind_of_failure_can_be_asked_for_alone(client, daemon, state: str, kinds: list[bool]) -> None:
    await failing(daemon, "ValueError: a")
    await failure(daemon, "ValueError: c", None)
    found = await said(await client.get("/v1/failed", params={"state": state}))
    assert [one["retrying"] for one in found["groups"]] == kinds


async def test_the_status_counts_what_waits_to_be_tried_again(client, daemon: SmallDaemon) -> None:
    await failing(daemon, "ValueError: a")
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    assert (await said(await client.get("/v1/status")))["counts"]["retrying"] == {"count": 1, "more": False}
    await daemon.running(run, started=False)  # claimed for the first time: it has not failed
    assert (await said(await client.get("/v1/status")))["counts"]["retrying"]["count"] == 1
