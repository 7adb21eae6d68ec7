"""Whatever a job does, its attempt has an ending, the ending is stored, and the node goes on."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from support.nodes import attempts_of

JOBS = """
[jobs.nothing]
run = "support.jobs:nothing"
[jobs.fails]
run = "support.jobs:fails"
[jobs.fails_once]
run = "support.jobs:fails_once"
retries = 1
[jobs.raises]
run = "support.jobs:raises"
[jobs.raises_in_thread]
run = "support.jobs:raises_in_thread"
[jobs.ends_early]
run = "support.jobs:ends_early"
retries = 2
[jobs.returns]
run = "support.jobs:returns"
[jobs.counts]
run = "support.jobs:counts"
[jobs.progresses]
run = "support.jobs:progresses"
[jobs.enqueues]
run = "support.jobs:enqueues"
[jobs.waits]
run = "support.jobs:waits"
timeout = "200ms"
[jobs.stubborn]
run = "support.jobs:stubborn"
timeout = "200ms"
[jobs.thread_waits]
run = "support.jobs:thread_waits"
timeout = "200ms"
[jobs.thread_stuck]
run = "support.jobs:thread_stuck"
timeout = "200ms"
[jobs.thread_name]
run = "support.jobs:thread_name"
[jobs.commits]
run = "support.jobs:commits"
retries = 1
retry_delay = "5m"
"""


async def proves_to_live(live) -> None:
    """Another run ends well: node, recorder and loops are as they were."""
    assert (await live.until_ended(await live.add("nothing")))["state"] == "succeeded"
    assert not live.node.workers.under_way and live.node.recorder.backlog == 0


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("BaseException", "BaseException: base"),
        ("SystemExit", "SystemExit: 3"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
        ("GeneratorExit", "GeneratorExit"),
        ("CancelledError", "CancelledError: mine"),
        ("StopAsyncIteration", "StopAsyncIteration: mine"),
        ("TimeoutError", "TimeoutError: mine"),
        ("Unspeakable", "Unspeakable: (its text could not be made: RuntimeError)"),
        ("ExceptionGroup", "ExceptionGroup: two (2 sub-exceptions)"),
        ("RecursionError", "RecursionError: maximum recursion depth exceeded"),
        ("NUL", "ValueError: a␀b\ufffdc"),
    ],
)
async def test_every_kind_of_exception_is_a_failed_attempt_with_its_text_and_the_node_lives(alive, store, kind, says):
    async with alive(JOBS) as live:
        run = await live.add("raises", kind=kind)
        row = await live.until_ended(run)
        assert row["state"] == "failed" and row["error"].startswith(says)
        (tried,) = await attempts_of(store, run)
        assert tried["outcome"] == "failed" and tried["traceback"]
        await proves_to_live(live)


async def test_a_traceback_shows_the_users_lines_and_not_jobds(alive, store):
    async with alive(JOBS) as live:
        run = await live.add("fails")
        await live.until_ended(run)
    (tried,) = await attempts_of(store, run)
    assert "raise ValueError(text)" in tried["traceback"] and "engine/attempt.py" not in tried["traceback"]


@pytest.mark.parametrize(("job", "line"), [("waits", "await ctx.sleep("), ("thread_stuck", "LET_GO.wait(")])
async def test_a_job_that_took_too_long_shows_where_it_stood_and_none_of_jobds_lines(alive, store, job, line):
    async with alive(JOBS) as live:
        run = await live.add(job)
        await live.until_ended(run)
    (tried,) = await attempts_of(store, run)
    assert line in tried["traceback"]
    files = {one.split('"')[1] for one in tried["traceback"].split("\n") if one.startswith("  File")}
    assert {Path(file).name for file in files} - {"threading.py"} == {"jobs.py"}
    assert "CancelledError" not in tried["traceback"]


async def test_an_error_of_ten_megabytes_is_cut_and_stored(alive):
    async with alive(JOBS) as live:
        row = await live.until_ended(await live.add("raises", kind="long"))
        assert len(row["error"]) < 70_000 and "cut here" in row["error"]


@pytest.mark.parametrize("kind", ["SystemExit", "StopIteration", "CancelledError", "ValueError"])
async def test_what_a_plain_function_raises_is_a_failed_attempt(alive, kind):
    async with alive(JOBS) as live:
        row = await live.until_ended(await live.add("raises_in_thread", kind=kind))
        assert row["state"] == "failed" and kind in row["error"]
        await proves_to_live(live)


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        ("NUL", {"text": "a␀b"}),
        ("surrogate", "\ufffd"),
        ("NaN", {"not_stored": "result[0]: nan is not a number in JSON"}),
        ("10 MB", "not_stored"),
        ("deep", "not_stored"),
        ("endless", "not_stored"),
        ("object", "not_stored"),
        ("keys", "not_stored"),
        ("digits", "not_stored"),
    ],
)
async def test_a_result_that_cannot_be_stored_is_a_success_with_a_note(alive, kind, stored):
    async with alive(JOBS) as live:
        row = await live.until_ended(await live.add("returns", kind=kind))
        result = json.loads(row["result"])
        assert row["state"] == "succeeded"
        assert stored in result if stored == "not_stored" else result == stored
        await proves_to_live(live)


@pytest.mark.parametrize("done", ["huge", "x", 1.5, None])
async def test_counts_that_are_no_counts_do_not_hurt_the_node(alive, done):
    async with alive(JOBS) as live:
        row = await live.until_ended(await live.add("counts", done=done))
        assert row["state"] in ("succeeded", "failed")
        await proves_to_live(live)


@pytest.mark.parametrize("kind", ["NUL", "NaN", "object"])
async def test_progress_in_words_that_cannot_be_stored_does_not_hurt_the_node(alive, kind):
    async with alive(JOBS) as live:
        row = await live.until_ended(await live.add("progresses", kind=kind))
        assert row["state"] in ("succeeded", "failed")
        await proves_to_live(live)


@pytest.mark.parametrize("delay", ["5m", 300, 300.0])
async def test_a_job_may_enqueue_with_a_delay_as_people_write_it(alive, store, delay):
    async with alive(JOBS) as live:
        row = await live.until_ended(await live.add("enqueues", delay=delay))
        added = await store.views.runs.one(json.loads(row["result"]))
        assert abs(added.due_at - added.created_at - timedelta(minutes=5)) < timedelta(seconds=5)


@pytest.mark.parametrize(("delay", "words"), [(-5, "-5 is negative"), ("soon", "is not a length of time")])
async def test_a_delay_that_is_no_length_fails_the_job_with_the_reason(alive, delay, words):
    async with alive(JOBS) as live:
        row = await live.until_ended(await live.add("enqueues", delay=delay))
        assert (row["state"], words in row["error"]) == ("failed", True), row["error"]


@pytest.mark.parametrize("kind", ["NUL", "NaN", "object", "name"])
async def test_an_enqueue_of_what_cannot_be_stored_fails_the_job_that_tried_it_and_nobody_else(alive, kind):
    async with alive(JOBS) as live:
        row = await live.until_ended(await live.add("enqueues", kind=kind))
        assert row["state"] == "failed" and ("ArgumentsRefused" in row["error"] or "UnknownJob" in row["error"])
        await proves_to_live(live)


async def test_a_failed_attempt_is_made_again_and_its_trace_is_kept(alive, store):
    async with alive(JOBS) as live:
        run = await live.add("fails_once")
        row = await live.until_ended(run)
        assert (row["state"], row["attempt"], row["result"]) == ("succeeded", 2, "2")
        assert [a["error"] for a in await attempts_of(store, run)] == ["ValueError: not yet"]


async def test_a_job_that_takes_too_long_is_stopped_and_says_so(alive, store):
    async with alive(JOBS) as live:
        for job in ("waits", "thread_waits"):
            run = await live.add(job)
            row = await live.until_ended(run)
            assert row["state"] == "failed" and row["error"] == "took longer than 0.2 s"
            assert [a["outcome"] for a in await attempts_of(store, run)] == ["timed_out"]


async def test_a_job_that_ignores_its_time_has_timed_out_all_the_same_when_it_returns(alive):
    async with alive(JOBS) as live:
        row = await live.until_ended(await live.add("stubborn", seconds=0.6))
        assert row["state"] == "failed" and row["error"] == "took longer than 0.2 s"


async def test_a_plain_function_runs_in_a_thread_of_its_own(alive):
    async with alive(JOBS) as live:
        run = await live.add("thread_name")
        result = json.loads((await live.until_ended(run))["result"])
        assert result == {"thread": f"run {run}", "main": False}
