"""jobd as a service, installed as docs/operations.md says, on a machine that was booted for it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from machine import ROOT, Machine, booted, layers_refused, unavailable

BLOCKING = """\
import time

async def block(ctx):
    if ctx.attempt == 1:
        time.sleep(300)
"""
JOB = """
[jobs.block]
run = "blocking:block"
"""
VISIT = """\
import asyncio, sys, aiohttp

async def visit(url, token):
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        refused = await browser.get(url + "socket")
        print(refused.status)
        await browser.post(url + "login", data={"token": token}, headers={"Origin": url[:-1]})
        async with browser.ws_connect(url + "socket?width=120&height=40", origin=url[:-1]) as page:
            shown = b""
            while b"Fires next" not in shown or b"READ ONLY" not in shown:
                shown += (await page.receive_bytes())
        print("seen")

asyncio.run(asyncio.wait_for(visit(*sys.argv[1:]), 30))
"""
SHORT_WATCHDOG = """\
[Service]
WatchdogSec=4s
"""

pytestmark = [pytest.mark.timeout(260), pytest.mark.root]


def commands(which: str, page: str = "operations.md") -> str:
    """The shell commands that a page of docs/ gives under this mark."""
    page = (ROOT / "docs" / page).read_text()
    return page.partition(f"<!-- {which} -->\n```sh\n")[2].partition("```")[0]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    directory = tmp_path_factory.mktemp("boot")
    (probe := directory / "probe").mkdir()
    if reason := unavailable() or layers_refused(probe):
        pytest.skip(reason)
    with booted(directory, commands("install") + commands("web install", "dashboard.md")) as machine:
        machine.run(commands("start"), seconds=60)
        yield machine


def test_the_installed_service_is_ready_when_systemctl_returns(machine: Machine) -> None:
    status = json.loads(machine.run("jobctl status --json"))
    assert status["ready"] and status["health"]["database"] == "embedded"
    assert machine.property("ActiveState") == "active"
    assert machine.property("StatusText") == "jobd: 1 jobs"
    assert machine.run("ps -o user= -p $(systemctl show --property MainPID --value jobd)") == "jobd"


def test_commands_beside_the_service_find_its_socket(machine: Machine) -> None:
    found = {one["name"]: one for one in json.loads(machine.run("cd /; /opt/jobd/bin/jobd doctor --json"))}
    assert found["socket"]["verdict"] == "ok" and found["socket"]["text"].startswith("/run/jobd/jobd.sock answers")
    assert found["database"]["text"] == "a daemon runs on it: jobctl doctor asks that one"


def test_a_command_runs_under_the_restrictions(machine: Machine) -> None:
    run = json.loads(machine.run("jobctl trigger hello --wait --timeout 30 --json 2>/dev/null"))
    assert run["state"] == "succeeded" and run["result"]["stdout"] == "hello\n"


def test_the_service_starts_again_after_kill_9_and_keeps_its_history(machine: Machine) -> None:
    before, killed = machine.now(), machine.property("MainPID")
    machine.run("jobctl trigger hello --key kept --wait --timeout 30")
    machine.run(f"kill -9 {killed}")
    machine.until("Started jobd.service", after=before)
    assert machine.property("MainPID") != killed and machine.property("NRestarts") == "1"
    assert "has this key already" in machine.run("jobctl trigger hello --key kept")


def test_a_stop_is_clean_and_leaves_nobody_behind(machine: Machine) -> None:
    before = machine.now()
    machine.run("systemctl stop jobd")
    assert machine.property("Result") == "success" and machine.property("ExecMainStatus") == "0"
    said = machine.journal(after=before)
    assert "node left" in said and "SIGKILL" not in said
    assert machine.run("pgrep --list-full --uid jobd || true") == ""
    machine.run("systemctl start jobd", seconds=60)


def test_the_watchdog_ends_a_daemon_whose_loop_is_blocked_and_the_run_is_done_by_the_next(machine: Machine) -> None:
    machine.run("cd /opt/jobd/lib/python3*/site-packages; cat > blocking.py <<'END'\n" + BLOCKING + "END")
    machine.write("/etc/jobd/jobd.d/block.toml", JOB)
    machine.write("/etc/systemd/system/jobd.service.d/watchdog.conf", SHORT_WATCHDOG)
    machine.run("systemctl daemon-reload; systemctl restart jobd", seconds=60)
    before = machine.now()
    machine.run("jobctl trigger block --key once --in 1s")
    machine.until("Watchdog timeout", after=before)
    machine.until("Started jobd.service", after=before)
    assert "blocking.py" in machine.journal(after=before), "the journal shows where it stood"
    run = json.loads(machine.run("jobctl trigger block --key once --wait --timeout 30 --json 2>/dev/null", seconds=60))
    assert (run["state"], run["attempt"]) == ("succeeded", 2)


def test_a_wrong_configuration_is_not_tried_again_and_again(machine: Machine) -> None:
    before = machine.now()
    machine.write("/etc/jobd/jobd.d/wrong.toml", "[daemon]\nworker = 3")
    machine.run("systemctl restart jobd || true", seconds=60)
    assert machine.property("ExecMainStatus") == "9" and machine.property("ActiveState") == "failed"
    assert 'did you mean "workers"' in machine.journal(after=before)
    machine.run("rm /etc/jobd/jobd.d/wrong.toml; systemctl start jobd", seconds=60)


def test_the_embedded_database_can_be_dumped_and_adopted_as_documented(machine: Machine) -> None:
    machine.run(commands("backup"))
    assert int(machine.run("stat --format %s /root/jobd.dump")) > 10_000
    assert "adopted as development" in machine.run(commands("adopt"), seconds=60)
    assert json.loads(machine.run("jobctl status --json"))["ready"]


def test_the_dashboard_is_a_service_that_lets_in_who_has_a_token(machine: Machine) -> None:
    machine.write("/etc/jobd/jobd.d/web.toml", '[control.users]\nviewer = ["jobd-web"]')
    machine.run("systemctl reload jobd")
    machine.run(commands("web start", "dashboard.md"), seconds=60)
    assert machine.run("systemctl is-active jobd-web") == "active"
    assert machine.run("ps -o user= -p $(systemctl show --property MainPID --value jobd-web)") == "jobd-web"
    token = machine.run("cd /; /opt/jobd/bin/jobd token add visitor --role viewer").split()[-1]
    machine.write("/root/visit.py", VISIT)
    address = machine.run("journalctl --unit jobd-web --output cat | grep -o 'http://127[^ ]*' | head -1")
    assert machine.run(f"/opt/jobd/bin/python /root/visit.py {address} {token}", seconds=60) == "401\nseen"
    machine.run("systemctl stop jobd-web")
    assert machine.run("systemctl show --property Result --value jobd-web") == "success"
    assert machine.run("pgrep --list-full --uid jobd-web || true") == ""
