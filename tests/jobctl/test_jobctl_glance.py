"""`jobctl status --glance`: one line for prompts and status lines, whatever becomes of the daemon."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from jobctl_program import Jobctl
from serving import SmallDaemon

from jobd.jobctl import glance
from jobd.model.health import Level, Notice
from jobd.model.run import NewRun


async def test_a_glance_is_one_line_with_what_runs_waits_and_failed(jobctl: Jobctl, daemon: SmallDaemon):
    runs = await daemon.store.enqueue([NewRun(job="tidy") for _ in range(3)])
    await daemon.running(runs[0])
    await daemon.database.execute(
        "insert into jobd.stats (minute, node, job, queue, failed, run_hist, wait_hist) values"
        " (date_trunc('minute', now()), 1, 'tidy', 'default', 4, array_fill(0, array[24]), array_fill(0, array[24]))"
    )
    ran = await jobctl("status", "--glance")
    assert (ran.code, ran.out, ran.err) == (0, "jobd ● 1 running 2 queued 4 failed/1h\n", "")
    tmux = await jobctl("status", "--tmux")
    assert tmux.out == "jobd #[fg=green]●#[fg=default] 1 running 2 queued 4 failed/1h\n"
    found = (await jobctl("status", "--glance", "--json")).json
    assert (found["ready"], found["running"], found["failed_last_hour"]) == (True, 1, 4)
    assert found["queued"] == {"count": 2, "more": False}


async def test_runs_that_are_tried_again_are_told_when_there_are_some(jobctl: Jobctl, daemon: SmallDaemon):
    (run,) = await daemon.store.enqueue([NewRun(job="tidy")])
    await daemon.database.execute("update jobd.runs set attempt = 1 where id = $1", run)
    ran = await jobctl("status", "--glance")
    assert (ran.code, ran.out) == (0, "jobd ● 0 running 1 queued 1 retrying 0 failed/1h\n")
    assert (await jobctl("status", "--glance", "--json")).json["retrying"] == {"count": 1, "more": False}


async def test_trouble_stands_before_the_numbers(jobctl: Jobctl, daemon: SmallDaemon):
    daemon.notices = (Notice(level=Level.WARNING, code="polling", message="x"),)
    assert "#[fg=yellow]●" in (await jobctl("status", "--tmux")).out
    daemon.notices += (Notice(level=Level.ERROR, code="loop_stuck", message="the loop tick does not come round"),)
    ran = await jobctl("status", "--glance")
    assert (ran.code, ran.out) == (0, "jobd ▲ not ready (loop_stuck) 0 running 0 queued 0 failed/1h\n")


async def test_a_daemon_that_is_not_there_is_a_line_and_no_complaint(jobctl: Jobctl, tmp_path: Path):
    ran = await jobctl("--socket", str(tmp_path / "jobd.sock"), "status", "--glance")
    assert (ran.code, ran.out, ran.err) == (5, "jobd ✖ no daemon\n", "")
    told = await jobctl("--socket", str(tmp_path / "jobd.sock"), "status", "--glance", "--json")
    assert (told.code, told.out, told.error["code"]) == (5, "", "no_daemon")


async def test_a_prompt_does_not_wait_for_a_daemon_that_is_stuck(jobctl: Jobctl, tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as stuck:
        stuck.bind(str(tmp_path / "jobd.sock"))
        stuck.listen()
        began = time.monotonic()
        ran = await jobctl("--socket", str(tmp_path / "jobd.sock"), "status", "--glance")
    assert (ran.code, ran.out) == (5, "jobd ✖ no daemon\n")
    assert time.monotonic() - began < 8, "the usual patience is ten seconds"


def test_a_database_that_is_away_is_said():
    health = {"state": "running", "notices": []}
    found = glance.seen({"ready": True, "health": health, "counts": None, "store_error": "gone"})
    assert glance.lines(found, tmux=False) == ["jobd ▲ not ready (no_database)"]


def test_nothing_that_a_daemon_says_is_a_format_of_tmux():
    health = {"state": "#[bg=red]#(id)\x1b[2J", "notices": []}
    found = glance.seen({"ready": True, "health": health, "counts": None, "store_error": None})
    assert glance.lines(found, tmux=True) == ["jobd #[fg=green]●#[fg=default] ##[bg=red]##(id)␛[2J"]
