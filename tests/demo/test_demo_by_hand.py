"""What somebody does to a running demo is told at its end, and is no failure of the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from demo_process import ended, socket_of, started

from jobd.testing.postgres import open_directory


@pytest.fixture
def below():
    with open_directory() as directory:
        yield directory


async def post(socket: Path, path: str, **body: Any) -> None:
    async with (
        aiohttp.ClientSession("http://jobd", connector=aiohttp.UnixConnector(path=str(socket))) as session,
        session.post(path, json=body) as answer,
    ):
        assert answer.status < 300, await answer.text()


async def test_reminders_to_more_people_than_planned_are_yours(below):
    demo = await started(below, "--duration", "3s", "--json")
    socket = await socket_of(demo)
    await post(socket, "/v1/runs", job="send-expiry-reminders", args={"days": 30})
    end = await ended(demo)
    assert end.status == 0, end.stderr
    assert end.summary["by_hand"] == {"triggered": {"send-expiry-reminders": 1}}
    assert "you triggered 1 run (send-expiry-reminders); what is otherwise than planned is yours:" in end.stderr
    assert "  mails to the wrong people: expected 0, found " in end.stderr
    assert "not as expected" not in end.stderr


async def test_what_a_paused_queue_holds_back_is_not_waited_for(below):
    demo = await started(below, "--duration", "0s", "--json")
    socket = await socket_of(demo)
    await post(socket, "/v1/queues/low/pause", reason="to see what happens")
    end = await ended(demo)
    assert end.status == 0, end.stderr
    assert end.summary["by_hand"] == {"changes": {"queue.pause": 1}}
    assert end.summary["audit_rows"]["deleted"] == 0
    assert "you paused 1 queue; what is otherwise than planned is yours:" in end.stderr
    assert "  old audit rows deleted: expected 12,000, found 0" in end.stderr


async def test_what_nobody_touched_still_has_to_be_as_planned(below):
    demo = await started(below, "--duration", "0s", "--json", "--misbook-payment")
    await post(await socket_of(demo), "/v1/runs", job="send-expiry-reminders", args={"days": 30})
    end = await ended(demo)
    assert end.status == 1
    wrong = [line.partition("not as expected: ")[2] for line in end.stderr.splitlines() if "not as expected" in line]
    assert [reason.partition(":")[0] for reason in wrong] == [
        "payments settled",
        "payments booked otherwise than the gateway says",
    ]


async def test_customers_come_while_it_is_looked_at_and_each_gets_what_is_due(below):
    end = await ended(await started(below, "--duration", "31s", "--json"))
    assert end.status == 0, end.stderr
    assert end.summary["subscriptions"]["ended"] > 579
    assert end.summary["subscriptions"]["expired"] == end.summary["subscriptions"]["ended"]
    assert end.summary["invoices"]["wanted"] == end.summary["invoices"]["written"] >= 24
    assert end.summary["audit_rows"]["deleted"] == end.summary["audit_rows"]["old"] > 12_000
    assert end.summary["payments"]["Completed"]["found"] > 140
    assert end.summary["runs"]["build-report"]["succeeded"] >= 1
