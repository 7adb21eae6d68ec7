"""`why` where nobody works: the answer is who does not and why, and neither a busy worker nor a next slot."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobd.model.reports import ScheduleReport
from jobd.model.run import Run, RunState
from jobd.model.why import NodeFacts, Pause, QueueFacts, because_of_workers
from jobd.model.why_job import JobMoment, ScheduleFacts, why_job
from jobd.model.why_others import ScheduleMoment, why_schedule
from jobd.model.why_run import JobFacts, RunFacts, why_run

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NODE = NodeFacts(id=3, host="b", workers=4)
DISABLED = replace(NODE, serves=False, knows=False, fires=False)
RUN = Run(
    id=815, job="backup", queue="low", state=RunState.QUEUED, priority=0, args={}, attempt=0, retries_left=3,
    source="api uid:0", created_at=NOW - MINUTE, due_at=NOW - MINUTE,
)  # fmt: skip
NIGHTLY = ScheduleReport(name="nightly", job="backup", enabled=True, cron="0 3 * * *", next_slot=NOW + MINUTE)


@pytest.mark.parametrize(
    ("job", "code"),
    [(None, "job_gone"), (JobFacts(name="backup", enabled=False, disabled_reason="no table x"), "job_disabled")],
)
def test_a_run_of_a_job_that_nobody_takes_does_not_wait_for_workers(job: JobFacts | None, code: str):
    paused = QueueFacts(name="low", paused=Pause(at=NOW - MINUTE), node_max=1, running=1)
    full = replace(NODE, knows=False, load={"low": 4})
    found = RunFacts(run=RUN, now=NOW, job=job, queue=paused, nodes=(full,), busy="3 × mail")
    assert [cause.code for cause in why_run(found).causes] == [code, "queue_paused"]


def test_no_node_is_not_a_busy_one():
    assert because_of_workers([], QueueFacts(name="low"), "3 × mail") is None


@pytest.mark.parametrize(("nodes", "code"), [((), "no_node"), ((DISABLED,), "nobody_fires")])
def test_a_schedule_that_nobody_fires_does_not_fire(nodes: tuple[NodeFacts, ...], code: str):
    why = why_schedule(ScheduleMoment(schedule=NIGHTLY, now=NOW, nodes=nodes))
    assert (why.state, [cause.code for cause in why.causes]) == ("does not fire", [code, "next", "no_run"])
    assert why.causes[1].text == "its next slot is in 1m (2026-11-23 12:01:00Z)"
    late = why_schedule(ScheduleMoment(schedule=replace(NIGHTLY, next_slot=NOW - MINUTE), now=NOW, nodes=nodes))
    assert (late.state, [cause.code for cause in late.causes][:2]) == ("does not fire", [code, "overdue"])


def test_one_node_that_fires_is_enough():
    assert why_schedule(ScheduleMoment(schedule=NIGHTLY, now=NOW, nodes=(DISABLED, NODE))).state == "fires"


def test_a_job_tells_that_its_schedules_are_not_fired():
    one = ScheduleFacts(name="nightly", next_slot=NOW + MINUTE)
    found = JobMoment(
        job=JobFacts(name="backup"), queue_name="low", now=NOW, queue=QueueFacts(name="low"), nodes=(DISABLED,),
        schedules=(one,), schedule_count=1,
    )  # fmt: skip
    why = why_job(found)
    assert [cause.code for cause in why.causes] == ["queue_not_served", "empty", "not_fired"]
    assert why.causes[-1].text.startswith("schedule nightly does not fire, its next slot is in 1m")
