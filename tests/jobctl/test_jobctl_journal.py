"""Reloads and edits of schedules stand in the journal: who, what, before and after; what changed nothing does not."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jobctl_daemon import Live, living
from support.waiting import until

from jobd.testing.postgres import fresh_database

PRIVATE = '[privacy]\nredact = ["args.card"]\n'


@pytest.fixture
async def daemon(postgres_url: str, tmp_path: Path) -> AsyncIterator[Live]:
    async with fresh_database(postgres_url) as url, living(tmp_path, url) as live:
        yield live


async def journal(daemon: Live) -> list[dict[str, Any]]:
    """Its lines, oldest first."""
    return list(reversed((await daemon.process.ask("audit"))["entries"]))


async def test_a_reload_is_journalled_by_name_and_with_no_secret(daemon: Live):
    daemon.rewrite("low = { weight = 1, max = 1 }", "low = { weight = 1, max = 2 }")
    daemon.rewrite("workers = 4", "workers = 5")
    daemon.rewrite("[jobs.nothing]", '[mail]\nuser = "jobs"\npassword = "geheim"\n[jobs.nothing]')
    await daemon.process.ask("reload", "POST", dry_run=True)
    assert await journal(daemon) == []
    for _ in range(2):  # the second changes nothing
        assert "error" not in await daemon.process.ask("reload", "POST")
    (line,) = await journal(daemon)
    assert (line["action"], line["target"], line["uid"]) == ("config.reload", "life", os.getuid())
    assert line["actor"].startswith(f"uid:{os.getuid()}")
    assert line["pid"] == os.getpid()
    after = line["after"]
    assert (after["queues"], after["restart"]) == (
        {"added": [], "changed": {"low": ["max"]}, "removed": []},
        ["daemon.workers"],
    )
    assert after["settings"] == ["mail.password", "mail.user"]
    assert "geheim" not in str(line)
    assert line["before"]["digest"] != after["digest"]


async def test_a_reload_that_is_refused_is_not_journalled(daemon: Live):
    daemon.rewrite("max = 1", "max = 0")
    assert "error" in await daemon.process.ask("reload", "POST")
    assert await journal(daemon) == []


async def test_sighup_is_journalled_as_a_signal(daemon: Live):
    daemon.rewrite("[jobs.nothing]", '[jobs.added]\ncommand = ["true"]\n[jobs.nothing]')
    daemon.process.signal(signal.SIGHUP)

    async def told() -> bool:
        return bool(await journal(daemon))

    await until(told, 20, "the line of the signal")
    (line,) = await journal(daemon)
    assert (line["actor"], line["action"], line["uid"], line["token"]) == ("signal", "config.reload", None, None)
    assert line["after"]["jobs"]["added"] == ["added"]


async def test_a_schedule_that_is_added_edited_and_removed_is_journalled_with_its_table(daemon: Live):
    for words in (
        ("add", "often", "--job", "nothing", "--every", "1h"),
        ("edit", "often", "--job", "nothing", "--every", "1h"),  # as it was
        ("edit", "often", "--job", "nothing", "--every", "2h"),
        ("edit", "often", "--job", "nowhere", "--every", "3h"),  # refused
        ("remove", "often"),
    ):
        await daemon.jobctl("schedules", *words)
    one, two = ({"job": "nothing", "every": length} for length in ("1h", "2h"))
    lines = await journal(daemon)
    assert [(line["action"], line["target"], line["before"], line["after"]) for line in lines] == [
        ("schedule.add", "often", None, one),
        ("schedule.edit", "often", one, two),
        ("schedule.remove", "often", two, None),
    ]
    assert {line["uid"] for line in lines} == {os.getuid()}
    refused = await daemon.jobctl("undo", str(lines[1]["id"]))
    assert refused.code == 6
    assert "jobctl schedules" in refused.err


async def test_what_an_edit_takes_over_beside_its_schedule_has_a_line_of_its_own(daemon: Live):
    daemon.rewrite("[jobs.nothing]", '[jobs.added]\ncommand = ["true"]\n[jobs.nothing]')
    await daemon.jobctl("schedules", "add", "often", "--job", "added", "--every", "1h")
    added, reloaded = await journal(daemon)
    assert (added["action"], reloaded["action"]) == ("schedule.add", "config.reload")
    assert reloaded["after"]["jobs"]["added"] == ["added"]
    assert "schedules" not in reloaded["after"]


async def test_masked_arguments_of_a_schedule_are_not_in_the_journal(daemon: Live):
    daemon.rewrite("[jobs.nothing]", f"{PRIVATE}[jobs.nothing]")
    await daemon.process.stop()
    await daemon.process.start()
    await daemon.jobctl(
        "schedules", "add", "often", "--job", "nothing", "--every", "1h", "--args-json", '{"card": "4111", "n": 1}'
    )
    started, line = await journal(daemon)
    assert (started["action"], line["after"]["args"]) == ("config.load", {"card": "********", "n": 1})
