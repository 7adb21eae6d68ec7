"""What only a whole daemon can be asked: who one is, its files, its surroundings, its database and its loop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support.daemons import Process, processes
from support.waiting import until

from jobd.client import Client, NotPermitted, Refused
from jobd.client.asks import database, doctor, me, nodes, queues, reload, settings
from jobd.model.finding import Verdict
from jobd.model.roles import Role
from jobd.store.migrate import migrate
from jobd.testing.postgres import fresh_database

MORE = """
[dashboard]
path = "/jobs"
"""


@pytest.fixture(scope="module")
async def process(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Process]:
    async with fresh_database(postgres_url) as url:
        await migrate(url)
        async with processes(tmp_path_factory.mktemp("asked"), url, more=MORE) as (one,):
            await one.start()
            yield one


@pytest.fixture
async def client(process: Process) -> AsyncIterator[Client]:
    async with Client(process.socket) as one:
        yield one


async def test_a_caller_is_told_who_they_are_and_what_the_dashboard_works_by(client: Client):
    who = await client.ask(me.shown())
    assert (who.role, who.environment) == ("admin", "development") and who.name.startswith("uid:")
    assert who.may(Role.ADMIN)
    assert (who.dashboard.path, who.dashboard.enabled, who.dashboard.require_authentication) == ("/jobs", True, True)


async def test_settings_are_told_with_their_origin_and_what_is_laid_over_them(client: Client):
    entry = await client.ask(queues.weight("default", 7, "month end"))
    found = await client.ask(settings.shown())
    shown = {setting.key: (setting.value, setting.origin) for setting in found.settings}
    assert shown["dashboard.path"][0] == '"/jobs"' and ":" in shown["dashboard.path"][1]
    (drift,) = found.drift
    assert (drift.key, drift.value, drift.by) == ("queues.default.weight", "7", entry.actor)
    await client.ask(queues.weight("default", None))


async def test_a_dry_reload_tells_what_it_would_change_and_a_broken_file_its_problems(client: Client, process: Process):
    before = process.config.read_text()
    try:
        process.config.write_text(before.replace('path = "/jobs"', 'path = "/work"'))
        changes = await client.ask(reload.asked(dry_run=True))
        assert (changes.taken, changes.restart) == (False, ("dashboard.path",))
        process.config.write_text(before.replace('path = "/jobs"', 'path = "../etc"'))
        with pytest.raises(Refused, match=r"dashboard\.path") as caught:
            await client.ask(reload.asked(dry_run=False))
        assert caught.value.code == "config_invalid"
    finally:
        process.config.write_text(before)


async def test_the_doctor_examines_the_database(client: Client):
    examined = await client.ask(doctor.shown())
    verdicts = {finding.name: finding.verdict for finding in examined.findings}
    assert verdicts["database"] is Verdict.OK


async def test_the_database_is_told_with_its_tables(client: Client):
    found = await client.ask(database.shown())
    tables = {table.name: table for table in found.tables}
    assert {"runs", "history", "attempts", "outbox", "audit", "nodes"} <= set(tables)
    assert tables["history"].partitions > 10 and tables["history"].bytes > 0
    assert 0 < found.connections <= found.max_connections and found.bytes > 1_000_000
    assert (found.pooler, found.notify_usage) == (False, 0.0)


async def test_a_node_tells_how_late_its_loop_is(client: Client):
    async def told() -> bool:
        (node,) = await client.ask(nodes.listed())
        return node.lag_ms is not None and 0 <= node.lag_ms < 60_000

    await until(told, 20, "a beat")


async def test_a_token_on_the_socket_is_its_holders(process: Process):
    secret = (await process.ask("tokens", "POST", name="web", role="viewer"))["token"]
    async with Client(process.socket, token=secret) as visitor:
        assert ((await visitor.ask(me.shown())).name, (await visitor.ask(me.shown())).role) == ("token:web", "viewer")
        with pytest.raises(NotPermitted, match="operator"):
            await visitor.ask(queues.pause("default"))
    async with Client(process.socket, token="jobd_none") as nobody:
        with pytest.raises(NotPermitted):
            await nobody.ask(me.shown())
