"""What operators change: it holds, it is journalled with who and why, and it can be put back."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from serving import SmallDaemon
from support.rows import node
from support.waiting import until

from jobd.model.run import NewRun
from jobd.model.schedule import Schedule
from jobd.store.pauses import Pauses
from jobd.store.schedules import write_spec


async def said(response: aiohttp.ClientResponse, status: int = 200) -> Any:
    body = await response.json()
    assert response.status == status, body
    return body


async def journal(client: aiohttp.ClientSession, **query: str) -> list[dict[str, Any]]:
    return (await said(await client.get("/v1/audit", params=query)))["entries"]


async def queue(client: aiohttp.ClientSession, name: str) -> dict[str, Any]:
    return await said(await client.get(f"/v1/queues/{name}"))


async def test_a_pause_is_shown_with_who_and_why_and_undone_by_its_entry(client, daemon: SmallDaemon) -> None:
    entry = await said(await client.post("/v1/queues/low/pause", json={"reason": "disk", "for": "30m"}))
    low = await queue(client, "low")
    assert (low["paused_by"], low["pause_reason"]) == (entry["actor"], "disk")
    assert low["paused_until"] is not None and "changed" in daemon.around.heard
    undone = await said(await client.post(f"/v1/audit/{entry['id']}/undo", json={"reason": "mistake"}))
    assert undone["undoes"] == entry["id"]
    assert (await queue(client, "low"))["paused_at"] is None
    again = (await said(await client.post(f"/v1/audit/{entry['id']}/undo"), 409))["error"]
    assert f"by entry {undone['id']}" in again["message"]


async def test_the_journal_names_uid_and_pid_of_whoever_asked(client) -> None:
    await said(await client.post("/v1/queues/low/pause"))
    (entry,) = await journal(client, target="low")
    assert (entry["uid"], entry["pid"], entry["action"]) == (os.geteuid(), os.getpid(), "queue.pause")
    assert entry["actor"].startswith(f"uid:{os.geteuid()}")
    assert (entry["before"]["paused_at"], entry["after"]["paused_by"]) == (None, entry["actor"])


async def test_a_weight_holds_until_it_is_taken_back_and_shows_as_drift(client) -> None:
    await said(await client.post("/v1/queues/default/weight", json={"weight": 9, "reason": "month end"}))
    (drift,) = (await said(await client.get("/v1/config")))["drift"]
    assert (drift["key"], drift["configured"], drift["value"]) == ("queues.default.weight", "2", "9")
    await said(await client.post("/v1/queues/default/weight", json={"weight": None}))
    assert (await said(await client.get("/v1/config")))["drift"] == []
    assert "configured weight" in (
        (await said(await client.post("/v1/queues/default/weight", json={"weight": None}), 409))["error"]["message"]
    )


async def test_an_undo_refuses_when_something_was_changed_on_top(client) -> None:
    first = await said(await client.post("/v1/queues/low/pause", json={"reason": "one"}))
    await said(await client.post("/v1/queues/low/pause", json={"reason": "two"}))
    assert "changed again since" in (
        (await said(await client.post(f"/v1/audit/{first['id']}/undo"), 409))["error"]["message"]
    )
    # a weight is another matter than a pause
    weight = await said(await client.post("/v1/queues/low/weight", json={"weight": 5}))
    await said(await client.post("/v1/queues/low/resume"))
    await said(await client.post(f"/v1/audit/{weight['id']}/undo"))


@pytest.mark.parametrize("noun", ["queue", "schedule"])
async def test_the_undo_of_a_pause_that_ran_out_says_so_and_blames_nobody(client, daemon, nightly, noun) -> None:
    await daemon.database.execute("update jobd.schedules set paused_at = null")
    name = {"queue": "low", "schedule": "nightly"}[noun]
    entry = await said(await client.post(f"/v1/{noun}s/{name}/pause", json={"for": "1h"}))
    await daemon.database.execute(f"update jobd.{noun}s set paused_until = now() where name = $1", name)
    assert await Pauses(daemon.database).end() == [name]
    await said(await client.post("/v1/queues/low/weight", json={"weight": 5}))
    refused = (await said(await client.post(f"/v1/audit/{entry['id']}/undo"), 409))["error"]
    until_ = entry["after"]["paused_until"]
    assert refused["message"] == f"the pause of {noun} {name} ended by itself at {until_}: nothing is left to undo"


async def test_an_undo_is_not_undone_itself(client) -> None:
    entry = await said(await client.post("/v1/queues/low/pause"))
    undone = await said(await client.post(f"/v1/audit/{entry['id']}/undo"))
    refused = (await said(await client.post(f"/v1/audit/{undone['id']}/undo"), 409))["error"]
    assert refused["message"] == "an undo cannot be undone"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/queues/none/pause", {}, 404),
        ("/v1/queues/low/resume", {}, 409),
        ("/v1/queues/low/pause", {"until": "2001-01-01T00:00:00Z"}, 409),
        ("/v1/queues/low/pause", {"until": "2101-01-01T00:00:00Z", "for": "5m"}, 400),
        ("/v1/queues/low/weight", {}, 400),
        ("/v1/queues/low/weight", {"weight": 0}, 400),
        ("/v1/schedules/none/pause", {}, 404),
        ("/v1/schedules/none/trigger", {}, 404),
        ("/v1/nodes/99/quiet", {}, 404),
        ("/v1/audit/99999/undo", {}, 404),
    ],
)
async def test_a_change_that_cannot_be_is_refused_and_not_journalled(client, path, body, status) -> None:
    await said(await client.post(path, json=body), status)
    assert await journal(client) == []


@pytest.fixture
async def nightly(daemon: SmallDaemon) -> datetime:
    """A schedule whose slot has passed while it was paused; its next slot from now."""
    schedule = Schedule(name="nightly", job="tidy", cron="17 3 * * *")
    await daemon.database.execute(
        "insert into jobd.schedules (name, owner, job, spec, args, next_slot, paused_at)"
        """ values ('nightly', 'test', 'tidy', $1, '{"batch": 3}', now() - interval '5 days', now())""",
        write_spec(schedule),
    )
    upcoming = schedule.next_after(datetime.now(UTC))
    assert upcoming is not None
    return upcoming


async def test_a_resumed_schedule_goes_on_with_its_next_slot_and_catches_nothing_up(client, nightly: datetime) -> None:
    await said(await client.post("/v1/schedules/nightly/resume"))
    shown = await said(await client.get("/v1/schedules/nightly"))
    assert (shown["paused_at"], datetime.fromisoformat(shown["next_slot"])) == (None, nightly)


async def test_a_triggered_schedule_starts_its_run_with_its_arguments_and_keeps_its_slot(client, nightly) -> None:
    before = await said(await client.get("/v1/schedules/nightly"))
    run = (await said(await client.post("/v1/schedules/nightly/trigger"), 201))["id"]
    assert (await said(await client.get(f"/v1/runs/{run}")))["args"] == {"batch": 3}
    assert (await said(await client.get("/v1/schedules/nightly")))["next_slot"] == before["next_slot"]
    (entry,) = await journal(client, action="schedule.*")
    assert (entry["target"], entry["after"]) == ("nightly", {"run": run})


async def test_a_trigger_whose_line_cannot_be_written_starts_nothing(client, daemon: SmallDaemon, nightly) -> None:
    rule = "audit_refuses_triggers"
    await daemon.database.execute(f"alter table jobd.audit add constraint {rule} check (action <> 'schedule.trigger')")
    try:
        response = await client.post("/v1/schedules/nightly/trigger")
    finally:
        await daemon.database.execute(f"alter table jobd.audit drop constraint {rule}")
    assert response.status == 500
    assert await daemon.database.fetchval("select count(*) from jobd.runs") == 0


async def test_a_trigger_of_a_disabled_job_says_why_it_takes_no_runs(client, daemon: SmallDaemon, nightly) -> None:
    await daemon.database.execute(
        "update jobd.jobs set enabled = false, disabled_reason = 'no table payments' where name = 'tidy'"
    )
    refused = (await said(await client.post("/v1/schedules/nightly/trigger"), 409))["error"]
    assert refused["message"] == 'job "tidy" is disabled: no table payments'
    assert await journal(client) == []


async def test_a_node_is_made_quiet_and_resumed(client, daemon: SmallDaemon) -> None:
    number = await node(daemon)  # type: ignore[arg-type]
    entry = await said(await client.post(f"/v1/nodes/{number}/quiet", json={"reason": "deploy"}))
    desired = "select desired from jobd.nodes where id = $1"
    assert await daemon.database.fetchval(desired, number) == "quiet"
    await said(await client.post(f"/v1/audit/{entry['id']}/undo"))
    assert await daemon.database.fetchval(desired, number) == "running"
    await said(await client.post(f"/v1/nodes/{number}/drain"))
    assert await daemon.database.fetchval(desired, number) == "drain"
    await said(await client.post(f"/v1/nodes/{number}/resume"))


async def test_cancel_and_retry_are_journalled(client, daemon: SmallDaemon) -> None:
    run, _ = await daemon.enqueue(NewRun(job="tidy"))
    await said(await client.post(f"/v1/runs/{run}/cancel", json={"reason": "not now"}))
    new = (await said(await client.post(f"/v1/runs/{run}/retry"), 201))["id"]
    retried, cancelled = await journal(client)
    assert (cancelled["action"], cancelled["target"], cancelled["reason"]) == ("run.cancel", str(run), "not now")
    assert (retried["action"], retried["after"]) == ("run.retry", {"run": new})
    refused = (await said(await client.post(f"/v1/audit/{cancelled['id']}/undo"), 409))["error"]
    assert "jobctl retry" in refused["message"]


# Many at once


async def over(client: aiohttp.ClientSession, bulk: int) -> dict[str, Any]:
    async def ended() -> dict[str, Any] | None:
        found = await said(await client.get(f"/v1/bulk/{bulk}"))
        return found if found["state"] != "running" else None

    return await until(ended, what=f"the end of bulk {bulk}")


async def added(daemon: SmallDaemon, count: int, **more: Any) -> list[int]:
    return [run for run in await daemon.store.enqueue([NewRun(job="tidy", **more)] * count) if run is not None]


async def test_a_bulk_retry_starts_each_failed_run_once(client, daemon: SmallDaemon) -> None:
    ids = await added(daemon, 1203)
    await daemon.database.execute(
        "with gone as (delete from jobd.runs returning *) insert into jobd.history (id, finished_at, created_at,"
        " due_at, attempt, priority, state, job, queue, source)"
        " select id, now(), now(), now(), 1, 0, 'failed', job, queue, ''"
        " from gone"
    )
    body = {"action": "retry", "filter": "state:failed job:tidy", "expected_count": len(ids), "reason": "fixed"}
    bulk = await said(await client.post("/v1/runs/bulk", json=body), 202)
    ended = await over(client, bulk["id"])
    assert (ended["state"], ended["matched"], ended["seen"], ended["changed"]) == ("done", 1203, 1203, 1203)
    rows = await daemon.database.fetch("select retried_from, source from jobd.runs")
    assert sorted(row["retried_from"] for row in rows) == ids
    assert {row["source"] for row in rows} == {f"api uid:{os.geteuid()}"}
    (entry,) = await journal(client)
    assert (entry["action"], entry["after"]["matched"], entry["reason"]) == ("bulk.retry", 1203, "fixed")


async def test_a_bulk_retry_makes_scheduled_runs_due_and_starts_ended_ones_again(client, daemon: SmallDaemon) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    waiting, (ended_before,) = await added(daemon, 3, due_at=later), await added(daemon, 1)
    await daemon.ended(ended_before, "failed", error="boom")
    body = {"action": "retry", "filter": "state:failed,scheduled", "expected_count": 4}
    ended = await over(client, (await said(await client.post("/v1/runs/bulk", json=body), 202))["id"])
    assert (ended["state"], ended["changed"]) == ("done", 4)
    rows = await daemon.database.fetch("select id, state, retried_from from jobd.runs order by id")
    assert {row["state"] for row in rows} == {"queued"}
    assert [row["id"] for row in rows[:3]] == waiting and rows[3]["retried_from"] == ended_before


async def test_a_bulk_cancel_ends_what_waits_and_asks_the_nodes_of_what_runs(client, daemon: SmallDaemon) -> None:
    ids = await added(daemon, 3)
    await daemon.running(ids[1], node=7)
    body = {"action": "cancel", "filter": "job:tidy", "expected_count": 3}
    ended = await over(client, (await said(await client.post("/v1/runs/bulk", json=body), 202))["id"])
    assert ended["changed"] == 3
    assert "stop 7" in daemon.around.heard
    assert (await said(await client.get(f"/v1/runs/{ids[0]}")))["state"] == "cancelled"
    running = await said(await client.get(f"/v1/runs/{ids[1]}"))
    assert (running["state"], running["cancel_requested"]) == ("running", True)


async def test_a_bulk_move_takes_waiting_runs_to_another_queue(client, daemon: SmallDaemon) -> None:
    ids = await added(daemon, 2)
    await daemon.running(ids[0])
    body = {"action": "move", "filter": "queue:default", "expected_count": 2, "to": "low"}
    ended = await over(client, (await said(await client.post("/v1/runs/bulk", json=body), 202))["id"])
    assert ended["changed"] == 1 and "queued low" in daemon.around.heard
    assert [(await said(await client.get(f"/v1/runs/{run}")))["queue"] for run in ids] == ["default", "low"]


async def test_a_set_that_grew_by_more_than_a_tenth_is_refused(client, daemon: SmallDaemon) -> None:
    await added(daemon, 12)
    body = {"action": "cancel", "filter": "job:tidy", "expected_count": 10}
    assert "look again" in (await said(await client.post("/v1/runs/bulk", json=body), 409))["error"]["message"]
    assert await daemon.database.fetchval("select count(*) from jobd.runs") == 12
    bulk = await said(await client.post("/v1/runs/bulk", json={**body, "expected_count": 11}), 202)
    assert (await over(client, bulk["id"]))["changed"] == 12


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"action": "retry", "filter": "job:tidy"}, "bad_filter"),
        ({"action": "retry", "filter": "state:running"}, "bad_filter"),
        ({"action": "cancel", "filter": "state:failed"}, "bad_filter"),
        ({"action": "move", "filter": ""}, "bad_request"),
        ({"action": "move", "filter": "", "to": "lo"}, "unknown_queue"),
        ({"action": "cancel", "filter": "", "to": "low"}, "bad_request"),
        ({"action": "delete", "filter": ""}, "bad_request"),
    ],
)
async def test_a_bulk_that_makes_no_sense_is_refused(client, more, code) -> None:
    error = (await said(await client.post("/v1/runs/bulk", json={"expected_count": 1, **more}), 400))["error"]
    assert error["code"] == code


async def test_a_purge_cancels_what_waits_and_leaves_what_runs(client, daemon: SmallDaemon) -> None:
    ids = await added(daemon, 3, queue="low", due_at=datetime.now(UTC) + timedelta(hours=1))
    ids += await added(daemon, 2, queue="low")
    await daemon.running(ids[4])
    bulk = await said(await client.post("/v1/queues/low/purge", json={"expected_count": 4}), 202)
    assert (await over(client, bulk["id"]))["changed"] == 4
    assert await daemon.database.fetchval("select array_agg(id) from jobd.runs") == [ids[4]]
    (entry,) = await journal(client)
    assert entry["action"] == "queue.purge"


async def test_a_bulk_of_a_daemon_that_died_is_gone_on_with_from_its_cursor(client, daemon: SmallDaemon) -> None:
    """The row as a dead worker leaves it: one batch done, held until a moment ago."""
    ids = await added(daemon, 4)
    bulk = await daemon.database.fetchval(
        "insert into jobd.bulk (action, filter, source, expected, matched, seen, changed, cursor, held_by, held_until)"
        " values ('cancel', 'job:tidy', 'x', 4, 4, 2, 2, $1, 'dead', now() - interval '1 second') returning id",
        f"live.{ids[2]}",
    )
    await daemon.database.execute("update jobd.bulk set created_at = now()")
    daemon.operations._wake.set()
    ended = await over(client, bulk)
    assert (ended["seen"], ended["changed"]) == (4, 4)
    assert await daemon.database.fetchval("select array_agg(id order by id) from jobd.runs") == ids[2:]


async def test_a_stopped_bulk_does_no_further_batch(daemon: SmallDaemon, client) -> None:
    bulk = await daemon.database.fetchval(
        "insert into jobd.bulk (action, filter, source, expected, matched, held_by, held_until)"
        " values ('cancel', 'job:tidy', 'x', 4, 4, 'other', now() + interval '1 hour') returning id"
    )
    assert (await said(await client.post(f"/v1/bulk/{bulk}/cancel")))["state"] == "cancelled"
    assert "is over" in (await said(await client.post(f"/v1/bulk/{bulk}/cancel"), 409))["error"]["message"]
