"""Many runs at once: nothing found is said, and a run that was named and cannot be changed, too."""

from __future__ import annotations

import pytest
from serving import SmallDaemon

from jobd.model.run import NewRun


@pytest.mark.parametrize(
    "words", [("retry",), ("cancel",), ("move", "--to", "low"), ("move", "--to", "low", "--yes")]
)
async def test_a_filter_that_finds_no_run_says_so(jobctl, words):
    ran = await jobctl("runs", *words, "--filter", "state:failed job:nobody")
    done = {"retry": "retried", "cancel": "cancelled", "move": "moved"}[words[0]]
    words_of_it = f"no run that can be {done} matches state:failed job:nobody: nothing was changed\n"
    assert (ran.code, ran.out) == (0, words_of_it)
    found = (await jobctl("runs", *words, "--filter", "state:failed job:nobody", "--json")).json
    assert (found["state"], found["matched"], found["changed"]) == ("done", 0, 0)


async def test_runs_that_cannot_be_moved_are_named(jobctl, daemon: SmallDaemon):
    (running,) = await daemon.store.enqueue([NewRun(job="tidy")])
    await daemon.running(running)
    ran = await jobctl("runs", "move", str(running), "99999", "--to", "low")
    assert (ran.code, ran.out) == (6, "")
    assert f"run {running} is running: only a run that waits can be moved" in ran.err
    assert "there is no run 99999" in ran.err
