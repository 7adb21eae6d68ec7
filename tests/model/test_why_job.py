"""`why` of a job: what keeps its next run, what the oldest one waits for, and when its schedules fire."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobd.model.reports import Count, LastRun
from jobd.model.run import Run, RunState
from jobd.model.why import Ahead, Holder, NodeFacts, Pause, QueueFacts
from jobd.model.why_job import JobMoment, ScheduleFacts, why_job
from jobd.model.why_run import JobFacts, Limit, RunFacts

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
HOLDER = Holder(id=812, job="mail", node=3, since=NOW - 14 * MINUTES)
NODE = NodeFacts(id=3, host="b", workers=4)
QUEUE = QueueFacts(name="low")
FULL_NODE = replace(NODE, load={"low": 1})
FULL_QUEUE = QueueFacts(name="low", node_max=1, running=1)
NIGHTLY = ScheduleFacts(name="nightly", next_slot=NOW + 5 * MINUTES)


def moment(**more: Any) -> JobMoment:
    base: dict[str, Any] = {
        "job": JobFacts(name="mail"), "queue_name": "low", "now": NOW, "queue": QUEUE, "nodes": (NODE,),
    }  # fmt: skip
    return JobMoment(**{**base, **more})


def oldest(**more: Any) -> RunFacts:
    run = Run(
        id=815, job="mail", queue="low", state=RunState.QUEUED, priority=0, args={}, attempt=0, retries_left=3,
        source="api uid:0", created_at=NOW - 3 * MINUTES, due_at=NOW - 3 * MINUTES,
    )  # fmt: skip
    base: dict[str, Any] = {"run": run, "now": NOW, "job": JobFacts(name="mail"), "queue": QUEUE, "nodes": (NODE,)}
    return RunFacts(**{**base, **more})


def test_a_job_of_which_nothing_waits_says_so():
    assert why_job(moment()).sentence == "job mail is idle: no run of it waits; no schedule fires it"


def test_the_cause_of_the_oldest_is_told_once():
    behind = moment(queued=Count(count=2), oldest=oldest(ahead=Ahead(id=810, job="tidy", count=9)))
    assert why_job(behind).sentence.startswith(
        "job mail waits: 2 runs of it are waiting, the longest run 815 for 3m: "
        "9 other runs of queue low go before it, first run 810 (tidy); "
    )
    full = {"queue": FULL_QUEUE, "nodes": (FULL_NODE,), "holders": (HOLDER,)}
    why = why_job(moment(queued=Count(count=1), oldest=oldest(**full), **full))
    assert why.sentence == (
        "job mail waits: its queue low is at max 1, held by run 812 (mail) on node 3 for 14m; "
        "1 run of it is waiting, the longest run 815 for 3m; no schedule fires it"
    )
    assert [cause.mend for cause in why.causes] == ["jobctl wait 812", "jobctl why run 815", None]


@pytest.mark.parametrize(
    ("more", "state", "code", "said"),
    [
        ({"job": JobFacts(name="mail", enabled=False, disabled_reason="no table x")}, "is disabled", "job_disabled",
         "it is disabled: no table x"),
        ({"queue": None}, "would wait", "queue_gone", "no jobd.toml has its queue low any more"),
        ({"queue": QueueFacts(name="low", paused=Pause(at=NOW - MINUTES, by="uid:0", reason="full"))}, "would wait",
         "queue_paused", "its queue low was paused by uid:0 1m ago: full"),
        ({"nodes": ()}, "would wait", "no_node", "no node is alive"),
        ({"nodes": (replace(NODE, knows=False),)}, "would wait", "job_not_known", "knows job mail"),
        ({"limit": Limit(what="job mail", max=1, held=1, holders=(HOLDER,)), "running": 1}, "would wait", "limit",
         "it is at its limit of 1, held by run 812"),
        ({"limit": Limit(what="job mail", max=2, held=1), "running": 1}, "runs", "has_limit", "at most 2 of it run"),
        ({"key": "user_id", "key_max": 1}, "is idle", "has_key_limit", "at most 1 of it run at once for each user_id"),
        ({"nodes": (replace(NODE, load={"x": 4}),), "busy": "4 × x"}, "would wait", "workers_busy", "busy with 4 × x"),
        ({"scheduled": Count(count=2)}, "is idle", "scheduled", "2 runs of it are due later"),
    ],
)  # fmt: skip
def test_what_keeps_its_next_run_is_told_first(more: dict[str, Any], state: str, code: str, said: str):
    why = why_job(moment(**more))
    assert (why.state, why.causes[0].code) == (state, code)
    assert said in why.causes[0].text


@pytest.mark.parametrize(
    ("schedule", "code", "said"),
    [
        (NIGHTLY, "next", "schedule nightly fires next in 5m (2026-11-23 12:05:00Z)"),
        (replace(NIGHTLY, paused=True), "schedule_paused", "schedule nightly is paused"),
        (replace(NIGHTLY, enabled=False), "schedule_disabled", "schedule nightly is disabled"),
        (replace(NIGHTLY, next_slot=None), "never_again", "schedule nightly has no further slot"),
        (replace(NIGHTLY, next_slot=NOW - MINUTES), "late",
         "schedule nightly does not fire: its slot of 2026-11-23 11:59:00Z is 1m overdue"),
    ],
)  # fmt: skip
def test_each_schedule_says_when_it_fires_or_why_not(schedule: ScheduleFacts, code: str, said: str):
    why = why_job(moment(schedules=(schedule,), schedule_count=1))
    assert (why.causes[-1].code, why.causes[-1].text) == (code, said)


def ended(*states: RunState) -> tuple[LastRun, ...]:
    return tuple(LastRun(id=15 - n, state=one, finished_at=NOW - MINUTES) for n, one in enumerate(states))


@pytest.mark.parametrize(
    ("states", "text", "ways"),
    [
        (["failed"] * 3 + ["succeeded"], "its last 3 runs failed, run 15 1m ago: CommandFailed: sh: exit status 3",
         ("jobctl show 15", "jobctl runs --job mail --state failed")),
        (["failed", "succeeded"], "its last run 15 failed 1m ago: CommandFailed: sh: exit status 3",
         ("jobctl show 15", "jobctl runs --job mail --state failed")),
        (["succeeded", "failed"], "its last run 15 succeeded 1m ago, 1 of its last 2 failed",
         ("jobctl runs --job mail --state failed",)),
        (["cancelled"], "its last run 15 was cancelled 1m ago", ()),
    ],
)  # fmt: skip
def test_how_its_last_runs_went_is_told_with_where_to_look(states: list[str], text: str, ways: tuple[str, ...]):
    over = ended(*(RunState(state) for state in states))
    why = why_job(moment(ended=over, last_error="CommandFailed: sh: exit status 3\nmore"))
    (last,) = [cause for cause in why.causes if cause.code == "last"]
    assert (last.text, last.ways) == (text, ways)


def test_many_schedules_are_counted():
    why = why_job(moment(schedules=(NIGHTLY,), schedule_count=1_235))
    assert [cause.text for cause in why.causes[-1:]] == ["1,234 more schedules fire it"]
