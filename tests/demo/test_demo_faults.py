"""A demo that cannot succeed says so, and one that is interrupted leaves nothing behind."""

from __future__ import annotations

import asyncio
import signal

import pytest
from demo_process import all_gone, ended, family, socket_of, started

from jobd.testing.postgres import open_directory


@pytest.fixture
def below():
    with open_directory() as directory:
        yield directory


async def test_a_lost_mail_and_a_misbooked_payment_are_found_out(below):
    demo = await ended(await started(below, "--duration", "0s", "--json", "--lose-mails", "1", "--misbook-payment"))
    assert demo.status == 1
    reasons = [line.partition("not as expected: ")[2] for line in demo.stderr.splitlines() if "not as expected" in line]
    assert [reason.partition(":")[0] for reason in reasons] == [
        "mails accepted",
        "payments settled",
        "payments booked otherwise than the gateway says",
    ]
    assert "expected 821, found 820 (no " in reasons[0]
    assert "order 71000001 is Refunded, should be Completed" in reasons[2]
    booked = demo.summary["payments"]
    assert booked["Completed"]["found"] == booked["Completed"]["expected"] - 1
    assert booked["Refunded"]["found"] == booked["Refunded"]["expected"] + 1
    assert list(below.iterdir()) == []


async def test_what_does_not_come_in_time_fails_the_demo(below):
    # the last trials of a demo of 20 seconds end after 10
    demo = await ended(await started(below, "--duration", "20s", "--patience", "10s"))
    assert demo.status == 1
    assert "not as expected: subscriptions expired: expected 579, found " in demo.stderr
    assert "not as expected: mails accepted: expected 821, found " in demo.stderr
    assert list(below.iterdir()) == []


async def test_sigterm_ends_it_without_a_trace(below):
    demo = await started(below, "--duration", "10m")
    socket = await socket_of(demo)
    assert socket.is_socket()
    processes = family(demo.pid)
    assert len(processes) > 3  # two servers, Postgres and what is below it
    demo.terminate()
    assert (await ended(demo)).status == 1
    await all_gone(processes)
    assert list(below.iterdir()) == []


async def test_ctrl_c_while_it_is_set_up_ends_it_without_a_trace(below):
    demo = await started(below, "--duration", "10m")
    assert demo.stderr is not None
    async with asyncio.timeout(30):
        assert b"setting up" in await demo.stderr.readline()
    assert list(below.iterdir())
    processes = family(demo.pid)
    demo.send_signal(signal.SIGINT)
    assert (await ended(demo)).status == 130
    await all_gone(processes)
    assert list(below.iterdir()) == []


async def test_its_processes_die_with_it_when_it_is_killed(below):
    demo = await started(below, "--duration", "10m")
    await socket_of(demo)
    processes = family(demo.pid)
    assert len(processes) > 3
    demo.kill()
    await demo.wait()
    await all_gone(processes)
