"""The emulated gateway itself: its script, its own process, its callbacks and what merchants do by hand."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from jobd.clients.paymob import PaymobClient
from jobd.model.settings import PaymobSettings
from jobd.testing.paymob import (
    Fault,
    PaymobEmulator,
    Scenario,
    Story,
    expected_outcome,
    read_script,
    scenario,
    write_script,
)


def test_a_script_comes_back_as_it_was_written(tmp_path):
    orders = {
        "1001": scenario("success", amount=Decimal("9.50"), at=datetime(2026, 2, 3, tzinfo=UTC)),
        "1002": Scenario(story=Story.DECLINED, fault=Fault.THROTTLED, faults=2, retry_after="1", wrapped=True),
    }
    write_script(tmp_path / "script.json", orders)
    assert read_script(tmp_path / "script.json") == orders


@pytest.mark.parametrize(
    "table",
    [
        {"x1": {"story": "success"}},
        {"1001": {}},
        {"1001": {"story": "happy-end"}},
        {"1001": {"story": "success", "amuont": "1"}},
        {"1001": {"story": "success", "amount": "much"}},
    ],
)
def test_a_wrong_script_is_refused_by_the_order_it_is_wrong_about(tmp_path, table):
    (tmp_path / "script.json").write_text(json.dumps(table))
    with pytest.raises(ValueError, match=f"order {next(iter(table))}"):
        read_script(tmp_path / "script.json")


def test_every_story_has_an_outcome_and_a_lasting_fault_has_none():
    for story in Story:
        expected_outcome(scenario(story))
        assert expected_outcome(scenario(story, fault=Fault.NAN)) is None
    assert expected_outcome(scenario("success", fault=Fault.NAN, faults=1)) == "Completed"


async def test_it_runs_as_a_process_that_says_its_port_and_stops_on_sigterm(tmp_path):
    write_script(tmp_path / "script.json", {"1001": scenario("success")})
    port_file = tmp_path / "port"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jobd.testing.paymob",
        "--script", str(tmp_path / "script.json"), "--port-file", str(port_file),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            assert process.stdout is not None
            assert (await process.stdout.readline()).startswith(b"listening on http://127.0.0.1:")
            port = port_file.read_text()
            settings = PaymobSettings(base_url=f"http://127.0.0.1:{port}", api_key="emulated-api-key")
            client = PaymobClient(settings)
            assert (await client.inquire(order_id="1001")).success
            await client.close()
            process.terminate()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_callbacks_are_signed_and_may_come_twice_late_or_forged():
    received: list[tuple[str, dict[str, Any]]] = []

    async def webhook(request: web.Request) -> web.Response:
        received.append((request.query["hmac"], await request.json()))
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/webhook", webhook)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    try:
        async with PaymobEmulator(hmac_secret="shared") as gateway:
            gateway.orders["1001"] = scenario("declined-then-success", string_booleans=True, wrapped=True)
            last, first = gateway.callback("1001"), gateway.callback("1001", which=0)
            for told in (last, first, last, gateway.callback("1001", tampered=True)):
                assert await gateway.deliver(url, told) == 200
    finally:
        await runner.cleanup()
    assert [told["obj"]["success"] for _, told in received] == ["true", "false", "true", "true"]
    assert [proof == _proof(told["obj"]) for proof, told in received] == [True, True, True, False]


def _proof(obj: dict[str, Any]) -> str:
    order, source = obj["order"], obj["source_data"]
    values = [
        obj["amount_cents"], obj["created_at"], obj["currency"], obj["error_occured"],
        obj["has_parent_transaction"], obj["id"], obj["integration_id"], obj["is_3d_secure"], obj["is_auth"],
        obj["is_capture"], obj["is_refunded"], obj["is_standalone_payment"], obj["is_voided"], order["id"],
        obj["owner"], obj["pending"], source["pan"], source["sub_type"], source["type"], obj["success"],
    ]  # fmt: skip
    return hmac.new(b"shared", "".join(map(str, values)).encode(), hashlib.sha512).hexdigest()


async def test_refunds_voids_and_captures_make_children():
    async with PaymobEmulator() as gateway, aiohttp.ClientSession(gateway.url) as merchant:
        gateway.orders |= {"1": scenario("success"), "2": scenario("success"), "3": scenario("authorised")}
        client = PaymobClient(gateway.settings())
        headers = {"Authorization": f"Token {gateway.secret_key}"}
        for path, body in (
            ("/api/acceptance/void_refund/refund", {"transaction_id": 1001, "amount_cents": 5000}),
            ("/api/acceptance/void_refund/void", {"transaction_id": 2001}),
            ("/api/acceptance/capture", {"transaction_id": 3001, "amount_cents": 15000}),
        ):
            async with merchant.post(path, json=body, headers=headers) as answer:
                assert answer.status == 201
        refunded, voided, captured = [await client.transaction(number) for number in (1001, 2001, 3001)]
        assert (refunded.refunded_amount, refunded.refunded, voided.voided) == (5000, False, True)
        assert (captured.captured, captured.captured_amount) == (True, 15000)
        lasts = [await client.inquire(order_id=number) for number in ("1", "2", "3")]
        assert [(last.child, last.parent) for last in lasts] == [(True, 1001), (True, 2001), (True, 3001)]
        await client.close()


async def test_a_created_order_can_be_asked_for():
    async with PaymobEmulator() as gateway, aiohttp.ClientSession(gateway.url) as merchant:
        headers = {"Authorization": f"Token {gateway.secret_key}"}
        body = {"amount_cents": 700, "currency": "EGP", "merchant_order_id": "A-9"}
        async with merchant.post("/api/ecommerce/orders", json=body, headers=headers) as answer:
            number = str((await answer.json())["id"])
        client = PaymobClient(gateway.settings())
        made = await client.order(number)
        assert (made.amount, made.merchant_order_id, made.paid) == (700, "A-9", 0)
        await client.close()
