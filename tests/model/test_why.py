"""`why` names what really holds a thing up, the most lasting first, and nothing that does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobd.model.duration import spoken
from jobd.model.reports import Count, LastRun, ScheduleReport
from jobd.model.run import Attempt, Outcome, Run, RunState
from jobd.model.why import Ahead, Holder, NodeFacts, Pause, QueueFacts
from jobd.model.why_others import Missed, QueueMoment, ScheduleMoment, why_queue, why_schedule
from jobd.model.why_run import JobFacts, Limit, RunFacts, why_run

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
HOLDER = Holder(id=812, job="backup", node=3, since=NOW - 14 * MINUTES)
NODE = NodeFacts(id=3, host="b", workers=4)
BEFORE = Ahead(id=810, job="mail", count=3)
BUSY = "3 × mail, the longest run 812 for 14m"


def run(state: RunState = RunState.QUEUED, **facts: Any) -> Run:
    base: dict[str, Any] = {
        "id": 815, "job": "backup", "queue": "low", "state": state, "priority": 0, "args": {}, "attempt": 0,
        "retries_left": 3, "source": "api uid:0", "created_at": NOW - MINUTES, "due_at": NOW - MINUTES,
    }  # fmt: skip
    return Run(**{**base, **facts})


def facts(**more: Any) -> RunFacts:
    base: dict[str, Any] = {
        "run": run(), "now": NOW, "job": JobFacts(name="backup"), "queue": QueueFacts(name="low"), "nodes": (NODE,),
    }  # fmt: skip
    return RunFacts(**{**base, **more})


def codes(found: RunFacts) -> list[str]:
    return [cause.code for cause in why_run(found).causes]


def test_the_sentence_is_the_whole_chain():
    queue = QueueFacts(name="low", node_max=1, running=1)
    full = facts(queue=queue, nodes=(replace(NODE, load={"low": 1}),), holders=(HOLDER,), ahead=BEFORE)
    assert why_run(full).sentence == (
        "run 815 of backup waits: queue low is at max 1, held by run 812 (backup) on node 3 for 14m; "
        "3 other runs of queue low go before it, first run 810 (mail)"
    )


def test_what_nothing_holds_starts_at_once():
    assert codes(facts()) == ["nothing"]
    assert codes(facts(claimed_at=NOW, run=run(node=3))) == ["claimed"]


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ({"job": None}, "job_gone", "no jobd.toml has its job backup any more"),
        ({"job": JobFacts(name="backup", enabled=False, disabled_reason="no table x")}, "job_disabled", "no table x"),
        ({"nodes": ()}, "no_node", "no node is alive"),
        ({"nodes": (replace(NODE, serves=False),)}, "queue_not_served", "no node serves queue low"),
        ({"nodes": (replace(NODE, knows=False),)}, "job_not_known", "no node that serves queue low knows job backup"),
        (
            {"nodes": (replace(NODE, desired="drain", desired_by="uid:0", desired_reason="kernel"),)},
            "node_quiet",
            "node 3 was told by uid:0 to be drained (kernel)",
        ),
        (
            {"limits": (Limit(what="user_id=42", max=1, held=1, holders=(HOLDER,)),)},
            "limit",
            "user_id=42 is at its limit of 1, held by run 812 (backup) on node 3 for 14m",
        ),
        ({"blocked": True}, "unblocked_soon", "its limit has room again"),
        (
            {"queue": QueueFacts(name="low", global_max=2, running=5), "holders": (HOLDER,)},
            "queue_global_max",
            "queue low is at global max 2, held by run 812 (backup) on node 3 for 14m and 4 more",
        ),
        ({"nodes": (replace(NODE, load={"other": 4}),), "busy": BUSY}, "workers_busy", "all 4 workers of node 3"),
        (
            {"nodes": (replace(NODE, load={"other": 3}),), "queue": QueueFacts(name="low", reserves={"critical": 1})},
            "reserved",
            "the free worker is reserved for critical",
        ),
        (
            {"crashes": 2, "suspects": (HOLDER,)},
            "suspect",
            "its node died under it 2 times, so it is tried alone, after",
        ),
        ({"ahead": Ahead(id=810, job="mail")}, "behind", "waits: run 810 (mail) of queue low goes before it"),
        ({"ahead": Ahead(id=810, job="mail", count=10_001)}, "behind", "10,000 or more other runs of queue low go"),
    ],
)
def test_each_thing_that_holds_a_run_is_named(more: dict[str, Any], code: str, said: str):
    why = why_run(facts(**more))
    assert codes(facts(**more))[0] == code
    assert said in why.sentence


def test_a_pause_is_told_with_who_and_why_beside_what_else_holds():
    pause = Pause(at=NOW - 5 * MINUTES, by="uid:0 (root)", until=NOW + 25 * MINUTES, reason="disk is full")
    paused = facts(queue=QueueFacts(name="low", paused=pause))
    assert why_run(paused).sentence == (
        "run 815 of backup waits: queue low was paused by uid:0 (root) 5m ago, for another 25m: disk is full"
    )
    assert why_run(paused).causes[0].mend == "jobctl queues resume low"


def test_what_goes_first_once_a_paused_and_full_queue_goes_on_is_told_last():
    queue = QueueFacts(name="low", node_max=1, running=1, paused=Pause(at=NOW - 5 * MINUTES))
    stands = facts(queue=queue, nodes=(replace(NODE, load={"low": 1}),), holders=(HOLDER,), ahead=BEFORE)
    assert codes(stands) == ["queue_paused", "queue_max", "behind"]
    assert why_run(stands).causes[-1].mend == "jobctl runs --queue low --state queued"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"job": None}, "job_gone"),
        ({"job": JobFacts(name="backup", enabled=False)}, "job_disabled"),
        ({"nodes": (replace(NODE, knows=False),)}, "job_not_known"),
        ({"crashes": 1}, "suspect"),
        ({"claimed_at": NOW, "run": run(node=3)}, "claimed"),
        ({"run": run(RunState.SCHEDULED, due_at=NOW + MINUTES)}, "due_later"),
    ],
)
def test_what_goes_first_in_the_queue_is_not_told_of_a_run_that_it_does_not_hold(more: dict[str, Any], told: str):
    assert codes(facts(**more, ahead=BEFORE)) == [told]


def test_what_is_gentle_is_offered_before_the_end_of_others_work():
    queue = QueueFacts(name="low", node_max=1, running=1, paused=Pause(at=NOW - 5 * MINUTES))
    stands = facts(
        queue=queue, nodes=(replace(NODE, load={"low": 1}),), holders=(HOLDER,), ahead=BEFORE, elsewhere="default"
    )
    move, listed = "jobctl runs move 815 --to default", "jobctl runs --queue low --state queued"
    assert [cause.ways for cause in why_run(stands).causes] == [
        ("jobctl queues resume low", move),
        ("jobctl wait 812", move, "jobctl reload  # after a higher max of queue low in jobd.toml", "jobctl cancel 812"),
        (move, listed),
    ]
    limited = facts(limits=(Limit(what="user_id=42", max=1, held=1, holders=(HOLDER,)),), elsewhere="default")
    assert why_run(limited).causes[0].ways == (
        "jobctl wait 812", "jobctl reload  # after a higher limit of job backup in jobd.toml", "jobctl cancel 812",
    )  # fmt: skip


def test_room_on_one_node_is_room():
    full = replace(NODE, load={"low": 1})
    queue = QueueFacts(name="low", node_max=1, running=1)
    assert codes(facts(queue=queue, nodes=(full, replace(NODE, id=4)), holders=(HOLDER,))) == ["nothing"]
    quiet = replace(NODE, id=4, desired="quiet")
    assert codes(facts(queue=queue, nodes=(full, quiet), holders=(HOLDER,))) == ["queue_max"]


def test_a_used_reserve_is_not_kept_twice():
    queue = QueueFacts(name="low", reserves={"critical": 1})
    assert codes(facts(queue=queue, nodes=(replace(NODE, load={"critical": 1, "other": 2}),))) == ["nothing"]


def test_a_retry_tells_the_error_before_it_and_how_many_follow():
    failed = Attempt(
        attempt=1, node=3, outcome=Outcome.TIMED_OUT, started_at=NOW, finished_at=NOW - 2 * MINUTES,
        error="TimeoutError: no answer\nmore", traceback=None,
    )  # fmt: skip
    later = run(RunState.SCHEDULED, attempt=1, retries_left=2, due_at=NOW + 3 * MINUTES, attempts=(failed,))
    assert why_run(facts(run=later)).sentence == (
        "run 815 of backup waits: attempt 1 timed out 2m ago (TimeoutError: no answer); "
        "attempt 2 of 4 comes in 3m (2026-11-23 12:03:00Z)"
    )
    asked = run(RunState.SCHEDULED, due_at=NOW + 90 * MINUTES)
    assert "it is due in 1h30m (2026-11-23 13:30:00Z), as api uid:0 asked" in why_run(facts(run=asked)).sentence


def test_a_running_run_tells_where_it_runs_and_what_was_asked_of_it():
    working = run(
        RunState.RUNNING, attempt=2, node=3, started_at=NOW - 14 * MINUTES, cancel_requested=True, reason="test"
    )
    assert codes(facts(run=working)) == ["running", "cancel_asked"]
    assert (
        "attempt 2 works on node 3 for 14m; its node was asked to end it (test)" in why_run(facts(run=working)).sentence
    )
    assert codes(facts(run=working, nodes=())) == ["running", "cancel_asked", "node_lost"]


@pytest.mark.parametrize(
    ("state", "more", "sentence"),
    [
        ("succeeded", {"started_at": NOW - 3 * MINUTES}, "succeeded: attempt 1 took 1m and ended 2m ago"),
        ("succeeded", {}, "succeeded: attempt 1 ended 2m ago"),
        ("cancelled", {"reason": "wrong month"}, "was cancelled: wrong month, 2m ago"),
        ("skipped", {"reason": "missed 3 slots"}, "was skipped: missed 3 slots, 2m ago"),
        ("failed", {"error": "boom\nat line 1"}, "failed: its only attempt failed 2m ago: boom"),
        (
            "failed",
            {"reason": "poison", "error": "its node died under it 4 times"},
            "failed: its node died under it 4 times, 2m ago: it is not tried again by itself",
        ),
    ],
)
def test_an_ended_run_tells_how_it_ended(state: str, more: dict[str, Any], sentence: str):
    over = run(RunState(state), attempt=1, finished_at=NOW - 2 * MINUTES, **more)
    assert why_run(RunFacts(run=over, now=NOW)).sentence == f"run 815 of backup {sentence}"


def test_a_quick_success_is_told_in_milliseconds():
    over = run(RunState.SUCCEEDED, attempt=1, started_at=NOW - timedelta(milliseconds=8), finished_at=NOW)
    told = why_run(RunFacts(run=over, now=NOW)).sentence
    assert told == "run 815 of backup succeeded: attempt 1 took 8ms and ended a moment ago"


def moment(**more: Any) -> QueueMoment:
    base: dict[str, Any] = {
        "queue": QueueFacts(name="low"), "now": NOW, "queued": Count(), "blocked": Count(), "nodes": (NODE,),
    }  # fmt: skip
    return QueueMoment(**{**base, **more})


def test_a_queue_tells_what_it_waits_for():
    assert why_queue(moment()).sentence == "queue low is idle: nothing waits in it"
    works = moment(queue=QueueFacts(name="low", node_max=1, running=1), holders=(HOLDER,))
    assert why_queue(works).sentence == (
        "queue low works: 1 run is running, the longest run 812 (backup) on node 3 for 14m"
    )
    waiting = moment(queued=Count(count=2), oldest_seconds=180)
    assert why_queue(waiting).sentence == "queue low moves: 2 runs are waiting, the longest for 3m"
    full = replace(
        waiting, queue=QueueFacts(name="low", node_max=1, running=1), holders=(HOLDER,),
        nodes=(replace(NODE, load={"low": 1}),),
    )  # fmt: skip
    assert why_queue(full).sentence.startswith("queue low waits: it is at max 1, held by run 812 (backup) on node 3")
    stands = replace(waiting, queue=QueueFacts(name="low", paused=Pause(at=NOW - MINUTES, by="uid:0")))
    assert why_queue(stands).sentence.startswith("queue low stands: it was paused by uid:0 1m ago; 2 runs are waiting")
    assert [cause.code for cause in why_queue(moment(nodes=())).causes] == ["no_node"]


def schedule(**more: Any) -> ScheduleReport:
    return ScheduleReport(**{"name": "nightly", "job": "backup", "enabled": True, "cron": "0 3 * * *", **more})


@pytest.mark.parametrize(
    ("more", "state", "codes"),
    [
        ({"next_slot": NOW + MINUTES}, "fires", ["next", "no_run"]),
        ({"next_slot": NOW + MINUTES, "paused_at": NOW}, "does not fire", ["schedule_paused", "no_run"]),
        ({"next_slot": NOW, "enabled": False}, "does not fire", ["schedule_disabled", "no_run"]),
        ({"next_slot": None}, "does not fire", ["never_again", "no_run"]),
        ({"next_slot": NOW - MINUTES}, "fires", ["overdue", "no_run"]),
        (
            {"next_slot": NOW + MINUTES, "last": LastRun(id=7, state=RunState.FAILED, finished_at=NOW - MINUTES)},
            "fires",
            ["next", "last"],
        ),
    ],
)
def test_a_schedule_tells_when_it_fires_or_why_not(more: dict[str, Any], state: str, codes: list[str]):
    why = why_schedule(ScheduleMoment(schedule=schedule(**more), now=NOW, nodes=(NODE,)))
    assert (why.state, [cause.code for cause in why.causes]) == (state, codes)


def test_a_schedule_tells_what_it_missed_and_how_it_failed():
    last = LastRun(id=7, state=RunState.FAILED, finished_at=NOW - MINUTES)
    found = ScheduleMoment(
        schedule=schedule(next_slot=NOW + MINUTES, last=last), now=NOW, nodes=(NODE,), last_error="boom\nmore",
        missed=Missed(at=NOW - 2 * MINUTES, reason="missed 3 slots from 09:00 on"),
    )  # fmt: skip
    assert why_schedule(found).sentence == (
        "schedule nightly fires: next in 1m (2026-11-23 12:01:00Z); missed 3 slots from 09:00 on, noted 2m ago; "
        "its last run 7 failed 1m ago: boom"
    )


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "a moment"), (59, "59s"), (60, "1m"), (3_725, "1h2m"), (3_605, "1h"), (200_000, "2d7h")]
)
def test_lengths_are_told_in_two_units(seconds: int, words: str):
    assert spoken(timedelta(seconds=seconds)) == words
