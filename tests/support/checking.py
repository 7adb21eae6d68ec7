"""What must hold after any storm, read from the table that the jobs wrote and from history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any


async def check_runs(db: Any, acknowledged: list[int]) -> None:
    """Every enqueue that returned has ended well, once, by the attempt that history names."""
    ended = {row["id"]: row for row in await db.fetch("select * from jobd.history where state <> 'skipped'")}
    assert not set(acknowledged) - set(ended), "runs were lost"
    twice = await db.fetch("select id from jobd.history group by id having count(*) > 1")
    assert not twice, twice
    bad = [(row["id"], row["state"], row["error"]) for row in ended.values() if row["state"] != "succeeded"]
    assert not bad, bad
    seen = await db.fetch(
        "select run, max(attempt) as last, count(*) as n, count(finished_at) as whole from observed group by run"
    )
    for row in seen:
        if row["run"] not in ended:
            continue  # its enqueue was not acknowledged, or its slot came after the storm: it may still go on
        attempt = ended[row["run"]]["attempt"]
        assert row["n"] <= attempt, "an execution that no attempt accounts for"
        assert row["last"] <= attempt and row["whole"] >= 1
    assert set(ended) <= {row["run"] for row in seen}, "a run ended well without having been executed"


async def check_overlaps(db: Any) -> None:
    """No two attempts of one run went on at the same time."""
    overlaps = await db.fetch(
        "select a.run, a.attempt, b.attempt from observed a join observed b on a.run = b.run and a.attempt < b.attempt"
        " where a.finished_at > b.started_at"
    )
    assert not overlaps, overlaps


async def check_slots(db: Any, schedule: str, every: timedelta, since: datetime, until: datetime) -> None:
    """Each slot in [since, until] has fired exactly once, or stands in history as missed."""
    rows = await db.fetch("select slot from jobd.history where schedule = $1 and state <> 'skipped'", schedule)
    fired = [row["slot"] for row in rows]
    assert len(fired) == len(set(fired)), "a slot fired twice"
    slot, expected = since, set()
    while slot <= until:
        expected.add(slot)
        slot += every
    missing = expected - set(fired)
    assert not missing, sorted(missing)
    seen = await db.fetch("select distinct slot from observed where job = $1 and slot is not null", schedule)
    assert {row["slot"] for row in seen} >= expected
