"""What `show` adds to a run's own facts, who cancelled it and where to ask on; and the audit that it is read from."""

from __future__ import annotations

import getpass
import os
import re

from jobctl_program import Jobctl
from serving import SmallDaemon
from support.failures import tried
from test_jobctl_terminal import seen

from jobd.model.change import Actor
from jobd.model.run import NewRun

US = f"uid:{os.getuid()} ({getpass.getuser()})"


async def line(jobctl: Jobctl, run: int, name: str) -> str | None:
    """What stands behind `name:` where a run is shown."""
    shown = (await jobctl("show", str(run))).out
    found = re.search(rf"^{name}: +(.*)$", shown, flags=re.MULTILINE)
    return found[1] if found else None


async def test_a_cancelled_run_tells_who_cancelled_it_and_when(jobctl: Jobctl, daemon: SmallDaemon):
    run, other = await daemon.store.enqueue([NewRun(job="tidy"), NewRun(job="tidy")])
    assert (await jobctl("cancel", str(other))).code == 0
    assert (await jobctl("cancel", str(run), "--reason", "wrong month")).code == 0
    assert await line(jobctl, run, "state") == "cancelled - wrong month"
    told = await line(jobctl, run, "cancelled")
    assert told is not None and re.fullmatch(rf"by {re.escape(US)}, \S+ \S+Z \((now|\d+s ago)\)", told)


async def test_a_run_that_is_being_cancelled_tells_who_asked_first(jobctl: Jobctl, daemon: SmallDaemon):
    (run,) = await daemon.store.enqueue([NewRun(job="tidy")])
    await daemon.running(run)
    await daemon.operations.cancel(run, "wrong month", Actor(name="token:ci", token="ci"))
    assert (await jobctl("cancel", str(run), "--reason", "too late")).code == 0
    assert await line(jobctl, run, "state") == "running - being cancelled: wrong month"
    told = await line(jobctl, run, "cancelled")
    assert told is not None and told.startswith("by token:ci, ")


async def test_a_run_that_nobody_cancelled_names_nobody(jobctl: Jobctl, daemon: SmallDaemon):
    by_itself, retried = await daemon.store.enqueue([NewRun(job="tidy"), NewRun(job="tidy")])
    await daemon.ended(by_itself, "cancelled", reason="already paid")
    await daemon.ended(retried, "failed", error="boom")
    assert (await jobctl("retry", str(retried))).code == 0
    assert [await line(jobctl, run, "cancelled") for run in (by_itself, retried)] == [None, None]


async def test_a_run_that_waits_points_to_why_at_a_terminal_only(jobctl: Jobctl, daemon: SmallDaemon):
    waits, over = await daemon.store.enqueue([NewRun(job="tidy"), NewRun(job="tidy")])
    await daemon.ended(over)
    hint = f"jobctl why {waits} says why it waits"
    assert (await seen(jobctl, "show", str(waits))).splitlines()[-1] == hint
    await daemon.database.execute("update jobd.runs set state = 'scheduled' where id = $1", waits)
    assert (await seen(jobctl, "runs", "show", str(waits))).splitlines()[-1] == hint
    assert hint not in await seen(jobctl, "show", str(waits), "--json")
    assert "jobctl why" not in await seen(jobctl, "show", str(over))
    ran = await jobctl("show", str(waits))
    assert (ran.err, "jobctl why" in ran.out) == ("", False)


async def test_the_audit_is_narrowed_by_target_actor_and_action(jobctl: Jobctl, daemon: SmallDaemon):
    first, second = await daemon.store.enqueue([NewRun(job="tidy"), NewRun(job="tidy")])
    await daemon.operations.cancel(first, "x", Actor(name="token:ci", token="ci"))
    assert (await jobctl("cancel", str(second))).code == 0
    assert (await jobctl("queues", "pause", "low")).code == 0
    for words, found in (
        (("--target", str(first)), [("run.cancel", str(first))]),
        (("--target", "low"), [("queue.pause", "low")]),
        (("--actor", "token:*"), [("run.cancel", str(first))]),
        (("--actor", US), [("queue.pause", "low"), ("run.cancel", str(second))]),
        (("--action", "run.*", "--actor", US), [("run.cancel", str(second))]),
        (("--target", "low", "--action", "queue.resume"), []),
    ):
        listed = (await jobctl("audit", *words, "--json")).json
        assert [(entry["action"], entry["target"]) for entry in listed] == found, words


async def test_show_tells_the_words_of_each_attempt_once_and_before_where_it_happened(
    jobctl: Jobctl, daemon: SmallDaemon
):
    [run] = await daemon.store.enqueue([NewRun(job="backup")])
    place = '  File "jobd.toml", line 9, in [jobs.backup]\n    command = ["true"]'
    await tried(daemon, run, 1, "timed_out", error="took longer than 600 s", traceback=place)
    waits = (await jobctl("show", str(run))).out.splitlines()
    at = next(n for n, line in enumerate(waits) if line.startswith("attempt 1: timed_out"))
    assert [line.strip() for line in waits[at + 1 :]] == [
        "took longer than 600 s", 'File "jobd.toml", line 9, in [jobs.backup]', 'command = ["true"]',
    ]  # fmt: skip
    await daemon.ended(run, "failed", error="took longer than 600 s")
    over = (await jobctl("show", str(run))).out
    assert over.index("error:\n    took longer than 600 s") < over.index("attempt 1: timed_out")
    assert over.count("    took longer") == 1 and "line 9, in [jobs.backup]" in over
