"""Many runs at once: nothing found is said, and a run that was named and cannot be changed, too."""

from __future__ import annotations

import pytest
from serving import SmallDaemon

from jobd.model.run import NewRun


@pytest.mark.parametrize(
    "words", [("retry",), ("cancel",), ("move", "--to", "low"), ("move", "--to", "low", "--yes")]
)
async def test_a_filter_that_finds_no_run_says_so(jobctl, words):
    ran = await jobctl("runs", *words, "--filter", "state:failed,queued job:nobody")
    done = {"retry": "retried", "cancel": "cancelled", "move": "moved"}[words[0]]
    words_of_it = f"no run that can be {done} matches state:failed,queued job:nobody: nothing was changed\n"
    assert (ran.code, ran.out) == (0, words_of_it)
    found = (await jobctl("runs", *words, "--filter", "state:failed,queued job:nobody", "--json")).json
    assert (found["state"], found["matched"], found["changed"]) == ("done", 0, 0)


async def test_runs_that_cannot_be_moved_are_named(jobctl, daemon: SmallDaemon):
    (running,) = await daemon.store.enqueue([NewRun(job="tidy")])
    await daemon.running(running)
    ran = await jobctl("runs", "move", str(running), "99999", "--to", "low")
    assert (ran.code, ran.out) == (6, "")
    assert f"run {running} is running: only a run that waits can be moved" in ran.err
    assert "there is no run 99999" in ran.err


async def test_only_runs_are_counted_that_it_can_be_done_to(jobctl, daemon: SmallDaemon):
    ended, waits = await daemon.store.enqueue([NewRun(job="tidy", queue="low"), NewRun(job="tidy", queue="low")])
    await daemon.ended(ended)
    asked = await jobctl("runs", "cancel", "--filter", "queue:low")
    assert (asked.code, asked.out) == (2, "")
    assert "cancel 1 run (queue:low)?" in asked.err
    found = (await jobctl("runs", "cancel", "--filter", "queue:low", "--yes", "--json")).json
    assert (found["expected"], found["matched"], found["changed"]) == (1, 1, 1)
    assert (await jobctl("show", str(waits), "--json")).json["state"] == "cancelled"
    again = (await jobctl("runs", "cancel", "--filter", "queue:low", "--yes", "--json")).json
    assert (again["matched"], again["id"]) == (0, None), "nothing is left, and nothing is begun"


async def test_what_can_be_done_to_none_of_them_is_said_at_once(jobctl):
    ran = await jobctl("runs", "cancel", "--filter", "state:failed")
    assert (ran.code, ran.out) == (2, "")
    assert "cancel is for runs that are queued, running, scheduled, waiting" in ran.err
