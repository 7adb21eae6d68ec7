"""What operators do to daemons that work: real processes, the real socket, TCP and the command line."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import aiohttp
from support.daemons import PATHS, Process, processes
from support.jobs import CANARY
from support.lives import Life
from support.waiting import until

from jobd.api.openapi import plain
from jobd.api.routes import ROUTES


async def events(one: Process, heard: list[tuple[str, dict[str, Any]]], listening: asyncio.Event) -> None:
    connector = aiohttp.UnixConnector(path=str(one.socket))
    async with (
        aiohttp.ClientSession("http://jobd", connector=connector) as client,
        client.get("/v1/events") as response,
    ):
        kind = ""
        async for line in response.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                heard.append((kind, json.loads(value)))
                listening.set()


async def metric(one: Process, name: str) -> float:
    connector = aiohttp.UnixConnector(path=str(one.socket))
    async with aiohttp.ClientSession("http://jobd", connector=connector) as client, client.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)), 0.0)


async def test_a_paused_queue_waits_on_every_node_and_what_ends_is_heard_and_counted(life, tmp_path) -> None:
    async with processes(tmp_path, life.url, 2) as (one, other):
        await asyncio.gather(one.start(), other.start())
        heard: list[tuple[str, dict[str, Any]]] = []
        listening = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            follower = group.create_task(events(one, heard, listening))
            await listening.wait()
            entry = await one.ask("queues/default/pause", "POST", reason="test")
            await asyncio.gather(has_looked(one), has_looked(other))
            runs = [await other.add("observed", seconds=0.0) for _ in range(4)]
            await until(lambda: any(kind == "run.added" for kind, _ in heard), 5, "the word of the new runs")
            assert [len(await life.observed(run)) for run in runs] == [0] * 4
            undone = await other.ask(f"audit/{entry['id']}/undo", "POST")
            assert undone["undoes"] == entry["id"]
            ended = {run: await until(lambda run=run: life.ended(run)) for run in runs}
            assert {row["state"] for row in ended.values()} == {"succeeded"}
            await until(lambda: told(heard, runs), 5, "the end of each run, from whichever node")
            follower.cancel()
        name = 'jobd_attempts_total{job="observed",outcome="succeeded"'
        assert await metric(one, name) + await metric(other, name) == 4
        assert await asyncio.gather(one.stop(), other.stop()) == [0, 0]


async def has_looked(one: Process) -> None:
    """Two looks at the database have begun after now, so the first of them is over."""
    now = asyncio.get_running_loop().time
    asked, begun = now(), set()

    async def twice() -> bool:
        age = (await one.ask("status"))["health"]["loops"]["due"]
        if (start := round(now() - age, 1)) > asked:
            begun.add(start)
        return len(begun) > 1

    await until(twice, 10, "two looks at the database")


def told(heard: list[tuple[str, dict[str, Any]]], runs: list[int]) -> bool:
    ids = [facts["id"] for kind, facts in heard if kind == "run.ended"]
    assert len(ids) == len(set(ids))
    return set(runs) <= set(ids)


async def test_a_running_run_is_cancelled_through_the_other_node_and_journalled(life, tmp_path) -> None:
    async with processes(tmp_path, life.url, 2) as (one, other):
        await asyncio.gather(one.start(), other.start())
        run = await one.add("observed", seconds=60.0)
        await until(lambda: life.observed(run))
        for node in (one, other):  # one of them has it, the other has to be told
            await node.ask(f"runs/{run}/cancel", "POST", reason="enough")
        row = await until(lambda: life.ended(run), 10)
        assert (row["state"], row["reason"]) == ("cancelled", "enough")
        entries = (await one.ask(f"audit?target={run}"))["entries"]
        assert {entry["action"] for entry in entries} == {"run.cancel"}
        await asyncio.gather(one.stop(), other.stop())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def token(one: Process, *words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobd", "token", *words, "--config", str(one.config),
        stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": PATHS, "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode().strip()


async def test_a_token_of_the_command_line_opens_the_api_on_tcp(life, tmp_path) -> None:
    port = free_port()
    async with processes(tmp_path, life.url, 1, f'[api]\nlisten = "127.0.0.1:{port}"\n') as (one,):
        before = await token(one, "add", "early", "--role", "viewer")  # no daemon yet: written to the database itself
        await one.start()
        after = await token(one, "add", "late", "--role", "operator", "--lasts", "1h")
        assert [line.split()[:2] for line in (await token(one, "list")).splitlines()] == [
            ["early", "viewer"],
            ["late", "operator"],
        ]
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            for secret, status in ((before, 403), (after, 201), ("jobd_x", 401)):
                headers = {"Authorization": f"Bearer {secret}"}
                async with http.post("/v1/runs", json={"job": "observed", "args": {}}, headers=headers) as response:
                    assert response.status == status, await response.text()
        await token(one, "revoke", "late")
        assert before not in one.log() and after not in one.log()
        assert await one.stop() == 0


SECRETS = f"""
[mail]
user = "jobs@example.org"
password = "{CANARY}-mail"
[privacy]
redact = ["args.seconds", "mail.text"]
[jobs.command]
command = ["true"]
env = {{ TOKEN = "{CANARY}-env" }}
[jobs.prints]
command = ["sh", "-c", "echo it is $TOKEN"]
env = {{ TOKEN = "{CANARY}-env" }}
[jobs.complains]
retries = 0
command = ["sh", "-c", "echo it is not $TOKEN >&2; exit 3"]
env = {{ TOKEN = "{CANARY}-env" }}
[jobs.quotes_secrets]
retries = 0
run = "support.jobs:quotes_secrets"
"""
TABLES = "select relname as name from pg_class where relnamespace = 'jobd'::regnamespace and relkind in ('r', 'p')"


async def stored(life: Life) -> dict[str, str]:
    """Table → all that stands in it."""
    names = [row["name"] for row in await life.db.fetch(TABLES)]
    return {
        name: await life.db.fetchval(f'select coalesce(string_agg(t::text, chr(10)), \'\') from jobd."{name}" t')
        for name in names
    }


def files(directory: Path) -> list[Path]:
    """All that a daemon has written."""
    return [path for path in directory.rglob("*") if path.is_file()]


async def test_no_secret_of_the_configuration_is_anywhere_else(life, tmp_path) -> None:
    """It is looked for in all that can be asked, in the log, in the database, in files and beside the process."""
    async with processes(tmp_path, life.url, 1, SECRETS) as (one,):
        await one.start()
        run = await one.add("command")
        await until(lambda: life.ended(run))
        for job in ("prints", "complains", "quotes_secrets"):
            told = await one.add(job)
            await until(lambda told=told: life.ended(told))
        settings = {row["key"]: row["value"] for row in (await one.ask("config"))["settings"]}
        assert settings["mail.password"] == "********"
        (found,) = (await one.ask("runs?filter=job:quotes_secrets"))["runs"]
        assert found["error"].count("********") == 4
        asked = 0
        for route in ROUTES:
            if route.method == "GET" and route.path.startswith("/v1/") and not route.path.endswith("/events"):
                path = plain(route.path).removeprefix("/v1/").replace("{id}", str(run)).replace("{name}", "command")
                assert CANARY not in json.dumps(await one.ask(path)), path
                asked += 1
        assert asked > 25
        one.config.write_text(one.config.read_text().replace("[mail]", f"[mail]\nprot = '{CANARY}-prot'"))
        one.signal(signal.SIGHUP)
        await until(lambda: "prot" in one.log(), 20, "the refused reload")
        beside = [Path(f"/proc/{one.pid}/{name}").read_bytes() for name in ("cmdline", "comm", "environ")]
        assert not any(CANARY.encode() in text for text in beside)
        assert await one.stop() == 0
        assert CANARY not in one.log()
        assert [path for path in files(one.directory) if CANARY.encode() in path.read_bytes()] == [one.config]
        rows = await stored(life)
        assert all("command" in rows[table] for table in ("jobs", "history"))
        assert [table for table, text in rows.items() if CANARY in text] == []


LATER = """
[jobs.fails_once]
run = "support.jobs:fails_once"
retry_delay = "5m"
"""


async def test_a_run_that_waits_five_minutes_for_its_next_attempt_goes_at_once_by_hand(life, tmp_path) -> None:
    async with processes(tmp_path, life.url, 2, more=LATER) as (one, other):
        await asyncio.gather(one.start(), other.start())
        run = await one.add("fails_once")

        async def waits() -> bool:
            return bool((await one.ask(f"runs/{run}"))["state"] == "scheduled")

        await until(waits, 10, "the end of its first attempt")
        assert await other.ask(f"runs/{run}/retry", "POST") == {"id": run, "retried_from": None}
        row = await until(lambda: life.ended(run), 5)
        assert (row["state"], row["attempt"]) == ("succeeded", 2)
        assert await asyncio.gather(one.stop(), other.stop()) == [0, 0]
