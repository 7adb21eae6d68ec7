"""jobctl and a real daemon: why a run waits, what makes it go, and what operators change."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest
from jobctl_daemon import Live, living
from support.waiting import until

from jobd.testing.postgres import fresh_database

MANY = """
insert into jobd.runs (id, job, queue, priority, due_at, state, retries_left, source)
select nextval('jobd.run_ids'), 'nothing', 'heap', 0, now(), 'queued', 0, 'test' from generate_series(1, 10001)
"""


@pytest.fixture(scope="module")
async def daemon(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    async with fresh_database(postgres_url) as url, living(tmp_path_factory.mktemp("live"), url) as live:
        yield live


async def run_of(daemon: Live, *words: str) -> str:
    ran = await daemon.jobctl("trigger", *words, "-o", "id")
    assert ran.code == 0, ran.err
    return ran.out.strip()


async def state_of(daemon: Live, run: str) -> str:
    return (await daemon.jobctl("show", run, "--json")).json["state"]


async def codes(daemon: Live, *words: str) -> list[str]:
    ran = await daemon.jobctl("why", *words, "--json")
    assert ran.code == 0, ran.err
    return [cause["code"] for cause in ran.json["causes"]]


async def is_(daemon: Live, run: str, state: str) -> bool:
    return await state_of(daemon, run) == state


async def test_a_run_behind_a_full_queue_is_explained_and_goes_when_told_so(daemon: Live):
    first = await run_of(daemon, "waits", "--queue", "low")
    await until(lambda: is_(daemon, first, "running"))
    second = await run_of(daemon, "nothing", "--queue", "low")
    ran = await daemon.jobctl("why", "run", second)
    assert f"run {second} of nothing waits: queue low is at max 1, held by run {first} (waits) on node" in ran.out
    assert f"  → jobctl cancel {first}\n" in ran.out
    assert (await codes(daemon, "queue", "low")) == ["queue_max", "waiting"]
    cause = (await daemon.jobctl("why", second, "--json")).json["causes"][0]
    move = next(way for way in cause["otherwise"] if " move " in way)
    assert (cause["mend"], cause["otherwise"][-1]) == (f"jobctl wait {first}", f"jobctl cancel {first}")
    assert (await daemon.jobctl(*move.split()[1:])).code == 0
    assert (await daemon.jobctl("wait", second, "--timeout", "20")).code == 0
    assert (await state_of(daemon, first)) == "running"
    assert (await daemon.jobctl("why", "queue", "low")).out.startswith(
        f"queue low works: 1 run is running, the longest run {first} (waits) on node"
    )
    assert (await daemon.jobctl(*cause["otherwise"][-1].split()[1:])).code == 0


async def test_a_run_of_a_paused_and_full_queue_names_what_goes_before_it(daemon: Live):
    first = await run_of(daemon, "waits", "--queue", "low")
    await until(lambda: is_(daemon, first, "running"))
    second, third, last = [await run_of(daemon, job, "--queue", "low") for job in ("waits", "waits", "nothing")]
    assert (await daemon.jobctl("queues", "pause", "low", "--reason", "disk is full")).code == 0
    why = (await daemon.jobctl("why", last, "--json")).json
    assert [cause["code"] for cause in why["causes"]] == ["queue_paused", "queue_max", "behind"]
    assert why["sentence"].endswith(f"; 2 other runs of queue low go before it, first run {second} (waits)")
    move, listed = why["causes"][2]["mend"], why["causes"][2]["otherwise"][0]
    assert move == f"jobctl runs move {last} --to default"
    assert [queued["id"] for queued in (await daemon.jobctl(*listed.split()[1:], "--json")).json] == [
        int(run) for run in (last, third, second)
    ]
    assert (await daemon.jobctl("cancel", second, third, first)).code == 0
    await until(lambda: is_(daemon, first, "cancelled"))
    assert await codes(daemon, last) == ["queue_paused"]
    assert (await daemon.jobctl("queues", "resume", "low")).code == 0
    assert (await daemon.jobctl("wait", last, "--timeout", "20")).code == 0


async def test_a_name_alone_is_answered_for_all_that_is_called_so(daemon: Live):
    waits = await run_of(daemon, "fires", "--queue", "default", "--in", "2h")
    ran = await daemon.jobctl("why", "fires")
    job, mend, schedule = (line for line in ran.out.splitlines() if "why run" not in line)
    assert job.startswith("job fires is idle: 1 run of it is due later; schedule fires fires next in ")
    assert (mend, schedule.partition(": next in ")[0]) == (
        "  → jobctl runs --job fires --state scheduled", "schedule fires fires"
    )  # fmt: skip
    listed = (await daemon.jobctl("why", "fires", "--json")).json
    assert [why["subject"] for why in listed] == ["job fires", "schedule fires"]
    assert [why["subject"] for why in (await daemon.jobctl("why", "low", "--json")).json] == ["queue low"]
    assert (await daemon.jobctl("why", "fires", "-o", "id")).out == "job fires\nschedule fires\n"
    assert (await daemon.jobctl(*mend.split()[2:], "-o", "id")).out == f"{waits}\n"
    assert (await daemon.jobctl("cancel", waits)).code == 0


async def test_a_job_tells_what_its_oldest_run_waits_for(daemon: Live):
    assert (await daemon.jobctl("queues", "pause", "heap", "--reason", "disk is full")).code == 0
    first = await run_of(daemon, "heaped")
    await run_of(daemon, "heaped")
    ran = await daemon.jobctl("why", "job", "heaped")
    assert ran.out.startswith("job heaped waits: its queue heap was paused by ")
    assert "disk is full; at most 3 of it run at once; 2 runs of it are waiting, the longest run " in ran.out
    assert f"  → jobctl queues resume heap\n  → jobctl why run {first}\n" in ran.out
    assert (await daemon.jobctl("queues", "resume", "heap")).code == 0
    assert (await daemon.jobctl("wait", first, "--timeout", "20")).code == 0


async def test_a_run_under_a_limit_names_the_run_that_holds_it(daemon: Live):
    first = await run_of(daemon, "keyed", "--arg", "seconds=41")
    await until(lambda: is_(daemon, first, "running"))
    second = await run_of(daemon, "keyed", "--arg", "seconds=41")
    ran = await daemon.jobctl("why", "run", second)
    assert f"seconds=41 is at its limit of 1, held by run {first} (keyed)" in ran.out
    assert (await daemon.jobctl("cancel", first, second)).code == 0


async def test_a_paused_queue_is_explained_undone_and_goes_on(daemon: Live):
    ran = await daemon.jobctl("queues", "pause", "shelf", "--for", "30m", "--reason", "disk is full", "--json")
    assert (ran.code, ran.json["action"]) == (0, "queue.pause")
    waits = await run_of(daemon, "nothing", "--queue", "shelf")
    why = (await daemon.jobctl("why", "run", waits, "--json")).json
    assert why["causes"][0]["code"] == "queue_paused"
    assert "disk is full" in why["sentence"]
    assert why["causes"][0]["mend"] == "jobctl queues resume shelf"
    assert "disk is full" in (await daemon.jobctl("queues")).out
    assert (await daemon.jobctl("undo", str(ran.json["id"]))).code == 0
    assert (await daemon.jobctl("wait", waits, "--timeout", "20")).code == 0
    assert (await daemon.jobctl("queues", "resume", "shelf")).code == 6
    listed = (await daemon.jobctl("audit", "--json")).json
    assert [entry["action"] for entry in listed[:2]] == ["undo", "queue.pause"]


async def test_a_weight_counts_until_it_is_given_back(daemon: Live):
    assert (await daemon.jobctl("queues", "weight", "heap", "40", "--reason", "month end")).code == 0
    row = next(queue for queue in (await daemon.jobctl("queues", "--json")).json if queue["name"] == "heap")
    assert (row["weight"], row["configured_weight"], row["weight_reason"]) == (40, 1, "month end")
    assert [one["key"] for one in (await daemon.jobctl("config", "show", "--drift", "--json")).json] == [
        "queues.heap.weight"
    ]
    assert (await daemon.jobctl("queues", "weight", "heap", "default")).code == 0
    assert (await daemon.jobctl("config", "show", "--drift", "--json")).json == []


async def test_a_node_is_drained_and_takes_runs_again(daemon: Live):
    (node,) = (await daemon.jobctl("nodes", "--json")).json
    assert (await daemon.jobctl("nodes", "drain", str(node["id"]), "--reason", "kernel", "--wait")).code == 0
    assert (await daemon.jobctl("nodes", "--json")).json[0]["state"] == "drained"
    waits = await run_of(daemon, "nothing")
    assert await codes(daemon, waits) == ["node_quiet"]
    assert (await daemon.jobctl("nodes", "resume", str(node["id"]))).code == 0
    assert (await daemon.jobctl("wait", waits, "--timeout", "20")).code == 0


async def test_a_schedule_is_paused_explained_triggered_and_resumed(daemon: Live):
    assert await codes(daemon, "schedule", "nightly") == ["next", "no_run"]
    assert (await daemon.jobctl("schedules", "pause", "nightly", "--reason", "holidays")).code == 0
    assert (await codes(daemon, "schedule", "nightly"))[0] == "schedule_paused"
    ran = await daemon.jobctl("schedules", "trigger", "nightly", "-o", "id")
    assert (await daemon.jobctl("wait", ran.out.strip(), "--timeout", "20")).code == 0
    assert (await daemon.jobctl("schedules", "resume", "nightly")).code == 0
    slots = (await daemon.jobctl("schedules", "next", "nightly", "-n", "3", "-o", "id")).out.split()
    assert [slot[10:] for slot in slots] == ["T03:30:00Z"] * 3
    explained = (await daemon.jobctl("schedules", "explain", "nightly")).out
    assert "nightly runs nothing at 03:30 every day, UTC" in explained


async def test_many_runs_are_changed_by_filter_after_being_asked(daemon: Live):
    assert (await daemon.jobctl("queues", "pause", "heap")).code == 0
    runs = [await run_of(daemon, "nothing", "--queue", "heap") for _ in range(3)]
    asked = await daemon.jobctl("runs", "cancel", "--filter", "queue:heap state:queued")
    assert (asked.code, asked.out) == (2, "")
    assert "cancel 3 runs (queue:heap state:queued)? nobody is here to be asked (--yes says so beforehand)" in asked.err
    moved = await daemon.jobctl(
        "runs", "move", "--filter", "queue:heap state:queued", "--to", "default", "--yes", "--json"
    )
    assert (moved.code, moved.json["changed"]) == (0, 3), moved.err
    assert (await daemon.jobctl("wait", *runs, "--timeout", "20")).code == 0
    named = await run_of(daemon, "nothing", "--queue", "heap")
    moved = await daemon.jobctl("runs", "move", named, "--to", "default")
    assert (moved.code, moved.out) == (0, "move done: 1 of 1 runs\n"), moved.err
    assert (await daemon.jobctl("wait", named, "--timeout", "20")).code == 0
    held = await run_of(daemon, "nothing", "--queue", "heap")
    assert (await daemon.jobctl("queues", "purge", "heap")).code == 2
    purged = await daemon.jobctl("queues", "purge", "heap", "--yes", "--reason", "wrong month", "--json")
    assert (purged.code, purged.json["changed"]) == (0, 1), purged.err
    assert await state_of(daemon, held) == "cancelled"
    assert (await daemon.jobctl("queues", "resume", "heap")).code == 0


async def test_more_runs_than_are_counted_are_changed_and_purged(daemon: Live):
    assert (await daemon.jobctl("queues", "pause", "heap")).code == 0
    for words in (("runs", "cancel", "--filter", "queue:heap state:queued"), ("queues", "purge", "heap")):
        connection = await asyncpg.connect(daemon.url)
        await connection.execute(MANY)
        await connection.close()
        changed = await daemon.jobctl(*words, "--yes", "--json")
        assert (changed.code, changed.json["changed"]) == (0, 10_001), changed.err
    assert (await daemon.jobctl("queues", "resume", "heap")).code == 0


async def test_failures_are_grouped_and_started_again_by_their_filter(daemon: Live):
    runs = [await run_of(daemon, "fails") for _ in range(2)]
    assert (await daemon.jobctl("wait", *runs, "--timeout", "20")).code == 1
    groups = [group for group in (await daemon.jobctl("failed", "--json")).json if group["job"] == "fails"]
    assert [group["count"] for group in groups] == [2]
    again = await daemon.jobctl("runs", "retry", "--filter", groups[0]["filter"], "--yes", "--json")
    assert (again.code, again.json["changed"]) == (0, 2), again.err
    assert await codes(daemon, runs[0]) == ["failed"]


async def test_what_is_read_is_read(daemon: Live):
    await run_of(daemon, "nothing")
    for words in (
        ("stats",), ("stats", "--by", "queue", "--window", "7d"), ("outbox",), ("outbox", "--state", "held,dead"),
        ("config", "show", "daemon."), ("audit", "-n", "1"), ("failed", "--since", "1h"), ("jobs",), ("schedules",),
    ):  # fmt: skip
        ran = await daemon.jobctl(*words, "--json")
        assert (ran.code, ran.err) == (0, ""), words
        assert isinstance(ran.json, list)
        assert (await daemon.jobctl(*words)).code == 0
        csv = await daemon.jobctl(*words, "-o", "csv")
        assert (csv.code, len(csv.out.splitlines())) == (0, len(ran.json) + 1)


async def test_a_change_is_heard_by_whoever_follows(daemon: Live):
    ran = await daemon.jobctl("events", "-o", "jsonl")
    assert (ran.code, json.loads(ran.out)["event"]) == (0, "snapshot")
    async with daemon.jobctl.following("events", "-f", "-o", "jsonl") as lines:
        assert json.loads(await anext(lines))["event"] == "snapshot"
        run = int(await run_of(daemon, "nothing"))
        async for line in lines:
            event = json.loads(line)
            if event["event"] == "run.ended" and event["data"]["id"] == run:
                break
        assert event["data"]["state"] == "succeeded"


async def test_any_path_can_be_asked(daemon: Live):
    assert (await daemon.jobctl("api", "get", "v1/queues/low")).json["name"] == "low"
    body = '{"job": "nothing"}'
    assert (await daemon.jobctl("api", "POST", "/v1/runs", "-", stdin=body)).json["fresh"] is True
    assert (await daemon.jobctl("api", "GET", "/v1/queues/none")).code == 3
    assert (await daemon.jobctl("api", "GET", "/v1/queues/no name")).code == 2


async def test_the_doctor_finds_this_daemon_well(daemon: Live):
    ran = await daemon.jobctl("doctor", "--json")
    found = {one["name"]: one["verdict"] for one in ran.json["findings"]}
    assert found["database"] == found["notify"] == found["socket"] == "ok"
    assert found["mail"] == found["gateway"] == "skipped"
    assert ran.code == (0 if ran.json["well"] else 1)
