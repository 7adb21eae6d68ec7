"""Each verb: what it prints to people, what to programs, and with which exit code it ends."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from serving import HOSTILE, SmallDaemon

from jobd.model.health import Level, Notice
from jobd.model.run import NewRun
from jobd.model.schedule import Schedule
from jobd.store.schedules import write_spec

LISTS = ("runs", "schedules", "nodes")


async def test_status_says_how_the_daemon_is_and_what_waits(jobctl, daemon: SmallDaemon):
    daemon.notices = (Notice(level=Level.WARNING, code="config_changed", message="jobd.toml has changed"),)
    await daemon.store.enqueue([NewRun(job="tidy"), NewRun(job="mail")])
    ran = await jobctl("status")
    assert ran.code == 0
    assert "“test” (development): running, ready" in ran.out
    assert "warning: jobd.toml has changed" in ran.out
    assert "runs: 2 queued, 0 running, 0 scheduled" in ran.out
    assert [line.split()[:3] for line in ran.out.splitlines() if line.startswith(("default", "low"))] == [
        ["default", "2", "1"],
        ["low", "1", "1"],
    ]
    assert (await jobctl("status", "--json")).json["counts"]["queued"] == {"count": 2, "more": False}


async def test_trigger_adds_a_run_with_arguments_of_the_right_type(jobctl):
    ran = await jobctl("trigger", "tidy", "--arg", "batch=7", "--arg", "note=7", "--priority", "-5", "-o", "id")
    assert (ran.code, ran.err) == (0, "")
    run = (await jobctl("show", ran.out.strip(), "--json")).json
    assert run["args"] == {"batch": 7, "note": "7"}
    assert (run["priority"], run["state"]) == (-5, "queued")


async def test_trigger_takes_all_arguments_from_stdin(jobctl):
    ran = await jobctl("trigger", "mail", "--args-json", "-", "-o", "id", stdin='{"to": "a\\u00e9", "subject": "s"}')
    assert ran.code == 0, ran.err
    assert (await jobctl("show", ran.out.strip(), "--json")).json["args"] == {"to": "aé", "subject": "s"}


async def test_trigger_for_later_is_scheduled(jobctl):
    soon = (await jobctl("trigger", "tidy", "--in", "5m", "-o", "id")).out.strip()
    at = (await jobctl("trigger", "tidy", "--at", "2099-01-01T10:00+02:00", "-o", "id")).out.strip()
    assert (await jobctl("show", soon, "--json")).json["state"] == "scheduled"
    assert (await jobctl("show", at, "--json")).json["due_at"] == "2099-01-01T08:00:00Z"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("trigger", "tidi"), 3, 'did you mean "tidy"?'),
        (("trigger", "tidy", "--arg", "bach=1"), 2, 'did you mean "batch"?'),
        (("trigger", "tidy", "--arg", "batch=many"), 2, "batch: must be int"),
        (("trigger", "tidy", "--arg", "batch"), 2, "NAME=VALUE"),
        (("trigger", "tidy", "--arg", "batch=1", "--arg", "batch=2"), 2, "given twice"),
        (("trigger", "tidy", "--args-json", "{"), 2, "no JSON"),
        (("trigger", "tidy", "--args-json", '{"batch": 1, "batch": 2}'), 2, "stands twice"),
        (("trigger", "tidy", "--in", "soon"), 2, "delay"),
        (("trigger", "tidy", "--in", "5m", "--at", "2099-01-01"), 2, "not allowed with"),
        (("trigger", "tidy", "--at", "tomorrow"), 2, "no instant"),
        (("trigger", "tidy", "--queue", "lwo"), 2, 'did you mean "low"?'),
        (("show", "4711"), 3, "there is no run 4711"),
        (("cancel", "4711"), 3, "there is no run 4711"),
        (("retry", "4711"), 3, "there is no run 4711"),
        (("jobs", "nothing/../x"), 3, "there is no job"),
        (("runs", "--state", "broken"), 2, "state"),
        (("runs", "--limit", "0"), 2, "limit"),
        (("show", "abc"), 2, "no number that anything has"),
        (("statsu",), 2, 'did you mean "stats" or "status"?'),
        (("why", "low", "wye"), 2, "ask for a run, a job, a queue or a schedule"),
        (("why", "wye"), 3, "there is no job, schedule or queue wye"),
        (("why", "job", "wye"), 3, "there is no job wye"),
        (("why", "run", "low"), 2, "a run has a number"),
        (("why", "run", "4711"), 3, "there is no run 4711"),
        (("why", "queue", "lwo"), 3, "there is no queue lwo"),
        (("why", "queue", "lwo"), 3, 'did you mean "low"?'),
        (("why", "job", "tidi"), 3, 'did you mean "tidy"?'),
        (("jobs", "tidi"), 3, 'did you mean "tidy"?'),
        (("trigger", "wye"), 3, "jobctl jobs lists them"),
        (("queues", "pause", "lwo"), 3, 'did you mean "low"?'),
        (("queues", "pause", "wye"), 3, "jobctl queues lists them"),
        (("schedules", "pause", "nigthly"), 3, "jobctl schedules lists them"),
        (("nodes", "quiet", "4711"), 3, "jobctl nodes lists them"),
        (("why", "schedule", "nightly"), 3, "there is no schedule nightly"),
        (("queues", "pause", "lwo"), 3, "there is no queue lwo"),
        (("queues", "weight", "low", "heavy"), 2, "a number from 1 to 1000"),
        (("runs", "retry"), 2, "give ids, or --filter"),
        (("runs", "logs", "4711"), 3, "there is no run 4711"),
        (("status", "-o", "csv"), 2, "-o csv makes no sense here"),
        (("api", "GET", "/v1/nothing"), 3, "there is no /v1/nothing"),
        (("api", "PATCH", "/v1/runs"), 2, "invalid choice"),
        (("runs", "-o", "yaml"), 2, "invalid choice"),
        (("runs", "--sta=failed"), 2, "unrecognized"),
    ],
)
async def test_what_cannot_be_done_is_said_with_the_next_step_and_an_exit_code(jobctl, words, code, said):
    ran = await jobctl(*words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    again = await jobctl(*words, "--json") if "-o" not in words else None
    if again is not None:
        assert again.code == code
        assert said in again.error["message"] + (again.error["hint"] or "")


async def test_waiting_ends_with_the_run_and_its_state_is_the_exit_code(jobctl, daemon: SmallDaemon):
    for state, code in (("succeeded", 0), ("failed", 1), ("cancelled", 8), ("skipped", 1)):
        waiting = asyncio.create_task(jobctl("trigger", "tidy", "--wait", "--json"))
        async with asyncio.timeout(20):
            while (run := await daemon.database.fetchval("select id from jobd.runs")) is None:
                await asyncio.sleep(0)
            await daemon.ended(run, state, result={"n": 1})
            daemon.endings.announce([run])
            ran = await waiting
        assert ran.code == code
        assert (ran.json["state"], ran.json["result"]) == (state, {"n": 1})


async def test_waiting_has_an_end_of_its_own_and_the_run_goes_on(jobctl, daemon: SmallDaemon):
    ran = await jobctl("trigger", "tidy", "--wait", "--timeout", "0.1", "--json")
    assert (ran.code, ran.error["code"]) == (7, "timed_out")
    assert await daemon.database.fetchval("select count(*) from jobd.runs") == 1


async def test_cancel_and_retry_take_many_ids_and_tell_each_failure(jobctl, daemon: SmallDaemon):
    first, second = await daemon.store.enqueue([NewRun(job="tidy"), NewRun(job="tidy")])
    ran = await jobctl("cancel", str(first), "4711", str(second), "--reason", "wrong month", "--json")
    assert ran.code == 3
    assert [row["id"] for row in ran.json] == [first, second]
    assert "4711" in ran.error["message"]
    assert (await jobctl("show", str(first), "--json")).json["reason"] == "wrong month"
    assert (await jobctl("cancel", str(first))).code == 6
    again = await jobctl("retry", str(first), str(second), "-o", "id")
    assert (again.code, len(again.out.split())) == (0, 2)


async def test_a_retry_of_a_scheduled_run_lets_it_go_on_now(jobctl, daemon: SmallDaemon):
    run = (await jobctl("trigger", "tidy", "--in", "1h", "-o", "id")).out.strip()
    assert f"jobctl retry {run}" in (await jobctl("why", run)).out
    ran = await jobctl("retry", run, "--reason", "the gateway is back")
    assert (ran.code, ran.out.splitlines()[1].split()[0]) == (0, run)
    assert ran.out.rstrip().endswith("goes on now")
    assert (await jobctl("audit", "--json")).json[0]["reason"] == "the gateway is back"
    again = await jobctl("retry", run)
    assert again.code == 6 and f"jobctl why {run}" in again.err


async def test_runs_are_shown_newest_first_and_ids_feed_other_commands(jobctl, daemon: SmallDaemon):
    waits, fails = await daemon.store.enqueue([NewRun(job="tidy"), NewRun(job="mail")])
    await daemon.ended(fails, "failed", error="no route\nto host")
    lines = (await jobctl("runs")).out.splitlines()
    assert lines[0].split()[:4] == ["ID", "JOB", "STATE", "QUEUE"]
    assert [line.split()[0] for line in lines[1:]] == [str(waits), str(fails)]
    assert lines[2].endswith("no route")
    assert (await jobctl("runs", "list", "--state", "failed", "-o", "id")).out == f"{fails}\n"
    assert "SOURCE" in (await jobctl("runs", "-o", "wide")).out
    first = (await jobctl("runs", "-o", "jsonl")).out.splitlines()[0]
    assert json.loads(first)["id"] == waits


async def test_show_tells_the_whole_story(jobctl, daemon: SmallDaemon):
    [run] = await daemon.store.enqueue([NewRun(job="tidy", args={"batch": 3})])
    await daemon.database.execute(
        "insert into jobd.attempts (run_id, attempt, node, started_at, finished_at, outcome, error, traceback) "
        "values ($1, 1, 7, now(), now(), 'timed_out', 'too slow', e'Traceback:\\n  line 1')",
        run,
    )
    await daemon.ended(run, "failed", error="boom", result=[1])
    shown = (await jobctl("show", str(run))).out
    for words in (f"{run} of tidy", "failed - boom", '{"batch": 3}', "attempt 1: timed_out", "      line 1"):
        assert words in shown


async def test_lists_that_are_empty_are_an_empty_list(jobctl):
    for verb in LISTS:
        assert (await jobctl(verb, "--json")).out == "[]\n"
        assert (await jobctl(verb, "-o", "jsonl")).out == ""
        assert (await jobctl(verb)).out == ""


async def test_jobs_tell_what_they_take(jobctl):
    ran = await jobctl("jobs", "tidy")
    assert 'batch: int = 50, note: str = "", dry: bool = false' in ran.out
    jobs = {job["name"]: job for job in (await jobctl("jobs", "--json")).json}
    assert jobs["mail"]["parameters"][0] == {"name": "to", "type": "str", "required": True, "default": None}
    assert (jobs["backup"]["parameters"], jobs["backup"]["open"]) == ([], True)
    assert "anything, as JSON in JOBD_ARGS" in (await jobctl("jobs", "backup")).out
    assert [jobs[name]["command"] for name in ("backup", "mail")] == [True, False]


async def test_schedules_queues_and_nodes_are_listed(jobctl, daemon: SmallDaemon):
    await daemon.database.execute(
        "insert into jobd.schedules (name, owner, job, spec, next_slot, last_slot) "
        "values ('nightly', 'test', 'tidy', $1, now() + interval '90 minutes 20 seconds', now())",
        write_spec(Schedule(name="nightly", job="tidy", cron="0 3 * * *", timezone="Africa/Cairo")),
    )
    await daemon.database.execute(
        "insert into jobd.nodes (name, host, pid, home, version, workers, direct, lease_until) "
        "values ('test', 'here', 42, 'h', '0.1.0', 10, true, now() + interval '15 seconds')"
    )
    line = (await jobctl("schedules")).out.splitlines()[1]
    assert re.split(r" {2,}", line)[:4] == ["nightly", "tidy", "0 3 * * *", "Africa/Cairo"]
    assert "in 1h30m" in line
    assert (await jobctl("queues", "-o", "id")).out == "default\nlow\n"
    nodes = (await jobctl("nodes")).out.splitlines()
    assert nodes[1].split()[1:6] == ["test", "here", "42", "running", "0/10"]


async def test_version_works_without_a_daemon(jobctl):
    both = (await jobctl("version", "--json")).json
    assert both["jobctl"] == both["daemon"]
    alone = await jobctl("--socket", "/nowhere/jobd.sock", "version", "--json")
    assert (alone.code, alone.json["daemon"]) == (0, None)


async def test_data_that_would_command_the_terminal_is_shown_as_pictures(jobctl, daemon: SmallDaemon):
    [run] = await daemon.store.enqueue([NewRun(job="tidy", args={"note": HOSTILE})])
    await daemon.database.execute(
        "insert into jobd.attempts (run_id, attempt, finished_at, outcome, error, traceback) "
        "values ($1, 1, now(), 'failed', $2, $2)",
        run,
        HOSTILE,
    )
    await daemon.ended(run, "failed", error=HOSTILE, reason=HOSTILE, result={HOSTILE: HOSTILE})
    daemon.notices = (Notice(level=Level.WARNING, code="x", message=HOSTILE),)
    for words in (("runs",), ("runs", "-o", "wide"), ("show", str(run)), ("status",), ("show", str(run), "--json")):
        ran = await jobctl(*words)
        assert ran.code == 0
        assert not set(ran.out) & set("\x1b\x07\x9b\u202e\ufeff"), words
    assert "␛]0;owned␇" in (await jobctl("runs")).out
    assert (await jobctl("show", str(run), "--json")).json["error"] == HOSTILE
