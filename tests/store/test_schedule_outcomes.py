"""The last runs of schedules: of each its own, oldest first, and never more than anybody looks at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support.rows import loaded

from jobd.model.job import Job
from jobd.model.schedule import Schedule
from jobd.store import views
from jobd.store.store import Store

OLD = '{"cron": "0 25 * * *", "timezone": "UTC", "catch_up_window": 60}'
"""No version of jobd takes this any more."""
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


async def fired(store: Store, schedule: str | None, *states: str, first: int = 1) -> None:
    """Ended runs of a schedule, a minute apart; its cursor stands behind the last one."""
    for number, state in enumerate(states, first):
        await store.database.execute(
            "insert into jobd.history (id, finished_at, created_at, due_at, attempt, priority, state, job, queue,"
            " source, schedule) values ($1, $2, $2, $2, 1, 0, $3, 'job', 'default', 's', $4)",
            number,
            NOON - timedelta(days=number % 2) + timedelta(minutes=number),
            state,
            schedule,
        )
    await store.database.execute(
        "update jobd.schedules set last_run = $2::bigint, last_slot = to_timestamp($2::bigint) where name = $1",
        schedule,
        first + len(states) - 1,
    )


@pytest.fixture
async def scheduled(store: Store) -> Store:
    schedules = [Schedule(name=name, job="job", cron="*/30 * * * *") for name in ("one", "two", "never")]
    await loaded(store, Job(name="job", command=("true",)), schedules=schedules)
    return store


async def test_each_has_its_own_oldest_first_over_the_days(scheduled: Store):
    await fired(scheduled, "one", *["succeeded"] * 6, "failed")
    await fired(scheduled, "two", "skipped", first=20)
    await fired(scheduled, None, "cancelled", first=30)
    found = {one.name: one.outcomes for one in await scheduled.views.schedules(outcomes=5)}
    # the even ones ended today, the odd ones yesterday
    assert [(run.id, str(run.state)) for run in found["one"]] == [
        (5, "succeeded"), (7, "failed"), (2, "succeeded"), (4, "succeeded"), (6, "succeeded"),
    ]  # fmt: skip
    assert [(run.id, str(run.state)) for run in found["two"]] == [(20, "skipped")]
    assert found["never"] == ()


async def test_nobody_who_does_not_ask_for_them_gets_or_pays_for_them(scheduled: Store):
    await fired(scheduled, "one", "succeeded")
    assert [one.outcomes for one in await scheduled.views.schedules()] == [(), (), ()]


async def test_of_very_many_schedules_those_that_fired_last_have_them(
    scheduled: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(views, "MOST_WITH_OUTCOMES", 1)
    await fired(scheduled, "one", "succeeded")
    await fired(scheduled, "two", "failed", first=20)
    found = {one.name: len(one.outcomes) for one in await scheduled.views.schedules(outcomes=20)}
    assert found == {"one": 0, "two": 1, "never": 0}
    assert len((await scheduled.views.schedules("one", 20))[0].outcomes) == 1


async def test_they_are_found_by_an_index_of_their_own(scheduled: Store):
    await scheduled.database.execute(
        "insert into jobd.history (id, finished_at, created_at, due_at, attempt, priority, state, job, queue, source,"
        " schedule) select i, $1, $1, $1, 1, 0, 'succeeded', 'job', 'default', 's', case when i % 50 = 0 then 'one' end"
        " from generate_series(1, 20000) i",
        NOON,
    )
    await scheduled.database.execute("update jobd.schedules set last_run = 1")
    await scheduled.database.execute("analyze jobd.history")
    plan = await scheduled.database.fetch(f"explain {views.sql.outcomes}", None, 20, 500)
    assert "_schedule_finished_at_id_idx" in "\n".join(row[0] for row in plan)


async def test_a_schedule_is_told_in_words(scheduled: Store):
    assert {one.description for one in await scheduled.views.schedules()} == {"every 30 minutes"}
    await scheduled.database.execute("update jobd.schedules set spec = $1 where name = 'never'", OLD)
    described = {one.name: one.description for one in await scheduled.views.schedules()}
    assert described == {"one": "every 30 minutes", "two": "every 30 minutes", "never": ""}
