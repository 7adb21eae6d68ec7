"""`jobctl failed` and `jobctl status` tell what fails while it is still tried again, and say so when nothing does."""

from __future__ import annotations

from jobctl_program import Jobctl
from serving import SmallDaemon
from support.failures import failed, failing

from jobd.model.run import NewRun


async def test_nothing_that_failed_is_said_to_people_and_is_an_empty_list_to_programs(
    jobctl: Jobctl, daemon: SmallDaemon
):
    ran = await jobctl("failed", "--since", "7d")
    assert (ran.code, ran.out) == (0, "nothing has failed in the last 7d, and nothing waits to be tried again\n")
    assert (await jobctl("failed", "--state", "retrying")).out == "nothing waits to be tried again\n"
    assert (await jobctl("failed", "--json")).json == []


async def test_what_is_tried_again_stands_before_what_failed_for_good(jobctl: Jobctl, daemon: SmallDaemon):
    for _ in range(2):
        await failing(daemon, error="ValueError: no rate")
    await failed(daemon, "tidy", error="exit status 1")
    first, second = (await jobctl("failed")).out.splitlines()[1:]
    assert first.split()[:2] == ["2", "failing,"] and "tried again in 4m" in first and "ValueError: no rate" in first
    assert second.split()[:3] == ["1", "failed", "tidy"]
    assert [one["retrying"] for one in (await jobctl("failed", "--json")).json] == [True, False]
    assert "tidy" not in (await jobctl("failed", "--state", "retrying")).out


async def test_the_status_warns_of_what_is_tried_again(jobctl: Jobctl, daemon: SmallDaemon):
    await daemon.enqueue(NewRun(job="tidy"))
    assert "tried again" not in (await jobctl("status")).out
    await failing(daemon)
    assert "warning: 1 run waits to be tried again: jobctl failed" in (await jobctl("status")).out


async def test_attempts_and_items_of_a_run_are_told_as_such(jobctl: Jobctl, daemon: SmallDaemon):
    trying, done = await failing(daemon), await failed(daemon)
    await daemon.database.execute(
        "update jobd.history set state = 'succeeded', error = null, items_skipped = 73, items_failed = 48"
    )
    assert "attempt:      1 of 5, 4 to come" in (await jobctl("show", str(trying))).out
    assert "items:        48 items failed, 73 skipped" in (await jobctl("show", str(done))).out
    assert "48 items failed, 73 skipped" in (await jobctl("runs")).out
