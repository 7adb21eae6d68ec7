"""What Home draws attention to: what the daemon says, and what its numbers say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from jobd.dashboard.words.notices import noticed
from jobd.model.health import Health, Level, Notice
from jobd.model.reports import Count, Counts, QueueReport
from jobd.model.status import Status

HEALTH = Health(name="shop", version="1", environment="production", host="a", pid=1, started_at=datetime.now(UTC))
LOW = QueueReport(name="low", weight=1, configured_weight=1)
QUIET = Status(ready=True, health=HEALTH, counts=Counts(), queues=(LOW,))


def said(status: Status) -> list[str]:
    return [notice.message for notice in noticed(status)]


def test_where_all_is_well_nothing_is_said() -> None:
    assert said(QUIET) == []


def test_what_the_daemon_says_comes_first() -> None:
    health = replace(HEALTH, notices=(Notice(level=Level.INFO, code="mail", message="mail is disabled"),))
    assert said(replace(QUIET, health=health)) == ["mail is disabled"]


def test_a_queue_whose_runs_wait_for_minutes_is_behind() -> None:
    waiting = replace(LOW, queued=Count(count=5), oldest_seconds=634.0)
    assert said(replace(QUIET, queues=(waiting,))) == ["queue low is behind: 5 waiting, the oldest for 10m; 4 says why"]
    paused = replace(waiting, paused_at=datetime.now(UTC))
    assert said(replace(QUIET, queues=(paused,))) == ["queue low is paused: 5 waiting, the oldest for 10m; 4 says why"]
    assert said(replace(QUIET, queues=(replace(waiting, oldest_seconds=59.0),))) == []


def test_a_paused_queue_in_which_something_waits_is_named_at_once() -> None:
    paused = replace(LOW, paused_at=datetime.now(UTC))
    assert said(replace(QUIET, queues=(paused,))) == []
    waiting = replace(paused, queued=Count(count=1), oldest_seconds=2.0)
    assert said(replace(QUIET, queues=(waiting,))) == ["queue low is paused: 1 waiting; 4 says why"]


def test_failures_of_the_last_hour_are_counted() -> None:
    for failed, words in ((1, "1 run has failed"), (1403, "1,403 runs have failed")):
        assert words in said(replace(QUIET, counts=Counts(hour={"failed": failed})))[0]
