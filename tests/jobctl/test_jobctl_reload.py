"""A changed configuration is taken over as a whole or not at all, and what runs is left alone."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from jobctl_daemon import Live, living
from support.waiting import until

from jobd.testing.postgres import fresh_database
from jobd.testing.smtp import MailServer


@pytest.fixture
async def daemon(postgres_url: str, tmp_path: Path) -> AsyncIterator[Live]:
    async with fresh_database(postgres_url) as url, living(tmp_path, url) as live:
        yield live


async def test_a_reload_takes_jobs_schedules_and_queues_and_names_what_waits_for_a_restart(daemon: Live):
    running = (await daemon.jobctl("trigger", "waits", "--queue", "low", "-o", "id")).out.strip()
    behind = (await daemon.jobctl("trigger", "nothing", "--queue", "low", "-o", "id")).out.strip()
    daemon.rewrite("low = { weight = 1, max = 1 }", "low = { weight = 1, max = 2 }\nnew = {}")
    daemon.rewrite("workers = 4", "workers = 5")
    daemon.rewrite("[jobs.nothing]", '[jobs.added]\ncommand = ["true"]\nqueue = "new"\n[jobs.nothing]')
    daemon.rewrite('cron = "30 3 * * *"', 'cron = "45 3 * * *"')
    dry = (await daemon.jobctl("reload", "--dry-run", "--json")).json
    assert (dry["taken"], dry["jobs"]["added"], dry["queues"]["added"]) == (False, ["added"], ["new"])
    assert (dry["queues"]["changed"], dry["schedules"]["changed"]) == ({"low": ["max"]}, {"nightly": ["cron"]})
    assert dry["restart"] == ["daemon.workers"]
    assert (await daemon.jobctl("trigger", "added")).code == 3
    ran = await daemon.jobctl("reload")
    assert ran.code == 0, ran.err
    assert "+ job added" in ran.out and "~ queue low: max" in ran.out
    assert "! daemon.workers waits for a restart" in ran.out
    assert (await daemon.jobctl("trigger", "added", "--wait", "--timeout", "20")).code == 0
    assert (await daemon.jobctl("wait", behind, "--timeout", "20")).code == 0
    assert (await daemon.jobctl("show", running, "--json")).json["state"] == "running"
    health = (await daemon.jobctl("status", "--json")).json["health"]
    assert "restart_needed" in [notice["code"] for notice in health["notices"]]
    assert health["workers"] == 4
    (slot,) = (await daemon.jobctl("schedules", "next", "nightly", "-n", "1", "-o", "id")).out.split()
    assert slot.endswith("T03:45:00Z")


async def test_what_a_reload_takes_away_is_gone_and_runs_of_it_wait(daemon: Live):
    waits = (await daemon.jobctl("trigger", "nothing", "--queue", "shelf", "--in", "1h", "-o", "id")).out.strip()
    daemon.rewrite("shelf = { weight = 1 }\n", "")
    daemon.rewrite('[jobs.fails]\nrun = "support.jobs:fails"\nretries = 0\n', "")
    assert (await daemon.jobctl("reload")).code == 0
    assert (await daemon.jobctl("trigger", "fails")).code == 3
    assert (await daemon.jobctl("queues", "-o", "id")).out.split() == ["default", "heap", "low"]
    assert (await daemon.jobctl("show", waits, "--json")).json["state"] == "scheduled"
    assert (await daemon.jobctl("trigger", "nothing", "--wait", "--timeout", "20")).code == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("max = 1", "max = 0", "queues.low.max: must be at least 1"),
        ("support.jobs:nothing", "support.jobs:nowhere", 'has no function "nowhere"'),
        ("[queues]", "[queues", "not TOML"),
    ],
)
async def test_a_configuration_that_is_wrong_is_refused_and_the_old_one_goes_on(
    daemon: Live, old: str, new: str, said: str
):
    daemon.rewrite(old, new)
    ran = await daemon.jobctl("reload")
    assert (ran.code, ran.out) == (9, "")
    assert said in ran.err
    assert "jobd.toml:" in ran.err
    assert (await daemon.jobctl("trigger", "nothing", "--wait", "--timeout", "20")).code == 0
    daemon.process.signal(signal.SIGHUP)
    await until(lambda: "configuration not reloaded" in daemon.process.log())
    assert (await daemon.jobctl("trigger", "nothing", "--wait", "--timeout", "20")).code == 0


async def test_a_reload_says_that_code_waits_for_a_restart(daemon: Live):
    code = daemon.config.with_name("reloaded_shop.py")
    code.write_text("async def tick(ctx): ...\n")
    daemon.rewrite("[jobs.nothing]", '[jobs.tick]\nrun = "reloaded_shop:tick"\n[jobs.nothing]')
    taken = await daemon.jobctl("reload")
    assert taken.out.splitlines() == ["+ job tick", "taken over"], taken.err
    code.write_text("async def tick(ctx): raise ValueError\n")
    said, rest = (await daemon.jobctl("reload")).out.splitlines()
    assert said.startswith(f"! the code of {code} has changed: jobs go on with what was loaded; systemctl restart jobd")
    assert rest == "nothing else is different"
    health = (await daemon.jobctl("status", "--json")).json["health"]
    assert "code_changed" in [notice["code"] for notice in health["notices"]]
    assert (await daemon.jobctl("trigger", "tick", "--wait", "--timeout", "20")).code == 0


async def test_mail_that_is_enabled_by_a_reload_leaves(daemon: Live):
    async with MailServer() as server:
        mail = f'[mail]\nenabled = true\nhost = "127.0.0.1"\nport = {server.port}\ntls = "off"\n'
        daemon.rewrite("[jobs.nothing]", f"{mail}[jobs.nothing]")
        changes = (await daemon.jobctl("reload", "--json")).json
        assert set(changes["settings"]) == {"mail.enabled", "mail.host", "mail.port", "mail.tls"}
        message = (
            "insert into jobd.outbox (job, kind, sender, recipient, subject, message_id, text) values "
            "('nothing', 'test', 'a@example.org', 'b@example.org', 'hello', '<1@example.org>', 'hello')"
        )
        connection = await asyncpg.connect(daemon.url)
        try:
            await connection.execute(message)
        finally:
            await connection.close()
        async with asyncio.timeout(20):
            assert len(await server.until(1)) == 1


async def test_sighup_reloads(daemon: Live):
    daemon.rewrite("[jobs.nothing]", '[jobs.added]\ncommand = ["true"]\n[jobs.nothing]')
    daemon.process.signal(signal.SIGHUP)
    await until(lambda: "configuration reloaded" in daemon.process.log())
    assert (await daemon.jobctl("trigger", "added", "--wait", "--timeout", "20")).code == 0


async def test_a_schedule_is_added_edited_and_removed_in_the_file_that_jobd_writes(daemon: Live):
    written = daemon.config.with_name("jobd.d") / "schedules.toml"
    ran = await daemon.jobctl(
        "schedules", "add", "often", "--job", "nothing", "--every", "1s", "--args-json", '{"n": 1}'
    )
    assert ran.code == 0, ran.err
    assert '[schedules.often]\nevery = "1s"\njob = "nothing"' in written.read_text()
    assert written.stat().st_mode & 0o777 == 0o640

    async def fired() -> bool:
        return bool((await daemon.jobctl("runs", "--schedule", "often", "--json")).json)

    await until(fired, 20, "a slot of it")
    before = written.read_text()
    for words, code, said in (
        (("add", "often", "--job", "nothing", "--every", "2s"), 6, "there is a schedule often already"),
        (("edit", "often", "--job", "nowhere", "--every", "2s"), 9, "nowhere"),
        (("edit", "often", "--job", "nothing", "--cron", "61 * * * *"), 9, "schedules.often.cron"),
        (("edit", "nightly", "--job", "nothing", "--every", "2s"), 6, "which people write"),
        (("remove", "nothing"), 3, "there is no schedule nothing"),
        (("add", "both", "--job", "nothing", "--every", "1s", "--cron", "* * * * *"), 2, "not allowed with"),
    ):
        ran = await daemon.jobctl("schedules", *words)
        assert (ran.code, written.read_text()) == (code, before), ran.err
        assert said in ran.err
    assert (await daemon.jobctl("schedules", "edit", "often", "--job", "nothing", "--cron", "0 5 * * *")).code == 0
    assert (await daemon.jobctl("schedules", "next", "often", "-n", "1", "-o", "id")).out.strip().endswith("T05:00:00Z")
    assert (await daemon.jobctl("schedules", "remove", "often")).code == 0
    assert "often" not in (await daemon.jobctl("schedules", "-o", "id")).out.split()
