"""Tables and answers say what somebody looks for, once: who cancelled a run, what is tried again, why it is paused."""

from __future__ import annotations

import getpass
import os
import re

from jobctl_program import Jobctl
from serving import SmallDaemon
from support.failures import failing

from jobd.model.run import NewRun

US = f"uid:{os.getuid()} ({getpass.getuser()})"


async def test_who_cancelled_a_run_without_saying_why_is_said_once(jobctl: Jobctl, daemon: SmallDaemon):
    (run,) = await daemon.store.enqueue([NewRun(job="tidy")])
    assert (await jobctl("cancel", str(run))).code == 0
    shown = (await jobctl("show", str(run))).out
    assert shown.count(US) == 1 and re.search(r"^state: +cancelled$", shown, flags=re.MULTILINE)
    why = (await jobctl("why", str(run))).out.splitlines()[0]
    assert why == f"run {run} of tidy was cancelled: by {US}, a moment ago"
    assert (await jobctl("audit", "--json")).json[0]["reason"] is None


async def test_a_job_of_which_a_run_is_tried_again_says_so(jobctl: Jobctl, daemon: SmallDaemon):
    (over,) = await daemon.store.enqueue([NewRun(job="mail")])
    await daemon.ended(over, "cancelled")
    await failing(daemon, "mail")
    listed = (await jobctl("jobs")).out.splitlines()
    mail = next(re.split(r" {2,}", line) for line in listed if line.startswith("mail"))
    assert re.fullmatch(r"1 retrying; cancelled (now|\d+s ago)", mail[3])
    jobs = {job["name"]: job["retrying"] for job in (await jobctl("jobs", "--json")).json}
    assert (jobs["mail"], jobs["tidy"]) == (1, 0)


async def test_a_pause_without_a_reason_says_none(jobctl: Jobctl, daemon: SmallDaemon):
    assert (await jobctl("queues", "pause", "low")).code == 0
    line = next(line for line in (await jobctl("queues")).out.splitlines() if line.startswith("low"))
    assert line.endswith(f"paused by {US}")
