"""The Paymob client against the emulated gateway: every call, every credential, every fault."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from jobd.clients.paymob import (
    GatewayRefused,
    GatewayThrottled,
    GatewayUnavailable,
    GatewayUnreadable,
    NoSuchTransaction,
    PaymobClient,
)
from jobd.clients.paymob.pace import Pace, seconds_of
from jobd.testing.paymob import Fault, PaymobEmulator, scenario

SOON = timedelta(milliseconds=300)
TOKENS = "/api/auth/tokens"
Connect = Callable[..., PaymobClient]


@pytest.fixture
async def gateway() -> AsyncIterator[PaymobEmulator]:
    async with PaymobEmulator() as gateway:
        yield gateway


@pytest.fixture
async def connect(gateway: PaymobEmulator) -> AsyncIterator[Connect]:
    """Makes clients of the gateway, with settings of one's choice; all are closed at the end."""
    async with AsyncExitStack() as stack:

        def make(**settings: Any) -> PaymobClient:
            client = PaymobClient(gateway.settings(**settings), backoff=timedelta(milliseconds=1))
            stack.push_async_callback(client.close)
            return client

        yield make


async def test_an_inquiry_answers_with_the_last_transaction_of_the_order(gateway, connect):
    gateway.orders["1001"] = scenario("declined-then-success", amount=Decimal("99.50"), merchant_order_id="A-7")
    client = connect()
    by_theirs = await client.inquire(order_id="1001")
    by_ours = await client.inquire(merchant_order_id="A-7")
    assert by_theirs == by_ours
    assert (by_theirs.success, by_theirs.amount, by_theirs.currency) == (True, 9950, "EGP")
    assert (by_theirs.order.id, by_theirs.order.merchant_order_id) == ("1001", "A-7")


@pytest.mark.parametrize("switch", ["wrapped", "string_booleans", "offsets", "extra"])
async def test_every_presentation_of_a_transaction_is_read_alike(gateway, connect, switch):
    plain, dressed = scenario("success"), scenario("success", **{switch: True})
    client = connect()
    gateway.orders["1001"] = plain
    expected = await client.inquire(order_id="1001")
    gateway.orders["1001"] = dressed
    assert await client.inquire(order_id="1001") == expected


async def test_a_transaction_without_its_optional_fields_is_read(gateway, connect):
    gateway.orders["1001"] = scenario("success", sparse=True)
    found = await connect().inquire(order_id="1001")
    assert (found.success, found.paid_at, found.live, found.integration_id) == (True, None, None, None)


@pytest.mark.parametrize(
    ("at", "zone"), [(datetime(2026, 7, 1, 9, tzinfo=UTC), 3), (datetime(2026, 1, 1, 9, tzinfo=UTC), 2)]
)
async def test_a_time_without_an_offset_is_cairo_time_in_summer_and_in_winter(gateway, connect, at, zone):
    gateway.orders["1001"] = scenario("success", at=at)
    assert (await connect().inquire(order_id="1001")).created_at == at
    told_utc = await connect(timezone="UTC").inquire(order_id="1001")
    assert told_utc.created_at == at + timedelta(hours=zone)


async def test_an_order_without_an_attempt_has_no_such_transaction(gateway, connect):
    gateway.orders["1001"] = scenario("no-attempt")
    client = connect()
    with pytest.raises(NoSuchTransaction):
        await client.inquire(order_id="1001")
    with pytest.raises(NoSuchTransaction):
        await client.transaction(424242)


async def test_a_transaction_a_list_and_an_order_can_be_asked_for(gateway, connect):
    gateway.orders["1001"] = scenario("refund", amount=Decimal("10"))
    gateway.orders["1002"] = scenario("success")
    client = connect()
    payment, refund = await client.transactions("1001")
    assert refund.child and refund.refund and refund.parent == payment.id
    assert await client.transaction(payment.id) == payment
    assert (await client.order("1002")).paid == 15000


async def test_a_list_of_many_pages_is_read_to_its_end(gateway, connect):
    gateway.orders["1001"] = scenario("no-attempt")
    ledger = gateway.ledger("1001")
    for _ in range(120):
        ledger.attempt()
    assert [one.id for one in await connect().transactions("1001")] == [1001001 + n for n in range(120)]


@pytest.mark.parametrize(
    ("auth", "inquiry", "by_id"),
    [
        ("body", "body", "bearer"),
        ("bearer", "bearer", "bearer"),
        ("query", "query", "query"),
        ("secret", "secret", "secret"),
        ("intention", "secret", "secret"),
    ],
)
async def test_the_credential_goes_where_the_setting_says(gateway, connect, auth, inquiry, by_id):
    gateway.orders["1001"] = scenario("success")
    client = connect(auth=auth)
    found = await client.inquire(order_id="1001")
    await client.transaction(found.id)
    asked = [seen.credential for seen in gateway.requests if seen.path != TOKENS]
    assert asked == [inquiry, by_id]
    assert gateway.logins == (0 if inquiry == "secret" else 1)


async def test_one_login_serves_many_callers_and_many_calls(gateway, connect):
    gateway.orders["1001"] = scenario("success")
    client = connect(parallel=8)
    for _ in range(2):
        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(client.inquire(order_id="1001"))
    assert gateway.logins == 1


async def test_a_token_is_renewed_when_its_time_is_over(gateway, connect):
    gateway.orders["1001"] = scenario("success")
    client = connect(token_ttl=timedelta(0))
    await client.inquire(order_id="1001")
    await client.inquire(order_id="1001")
    assert gateway.logins == 2


async def test_a_revoked_token_costs_one_login_however_many_callers_have_it(gateway, connect):
    gateway.orders["1001"] = scenario("success")
    client = connect(parallel=8)
    await client.inquire(order_id="1001")
    gateway.revoke_tokens()
    async with asyncio.TaskGroup() as group:
        answers = [group.create_task(client.inquire(order_id="1001")) for _ in range(8)]
    assert all(answer.result().success for answer in answers)
    assert gateway.logins == 2


async def test_a_token_that_grew_old_at_the_gateway_is_renewed(gateway, connect):
    gateway.orders["1001"] = scenario("success")
    client = connect()
    await client.inquire(order_id="1001")
    gateway.advance(timedelta(hours=2))
    assert (await client.inquire(order_id="1001")).success
    assert gateway.logins == 2


async def test_a_second_401_in_a_row_is_a_refusal(gateway, connect):
    gateway.orders["1001"] = scenario("success", fault=Fault.REVOKED)
    with pytest.raises(GatewayRefused):
        await connect().inquire(order_id="1001")
    assert gateway.logins == 2


async def test_a_wrong_api_key_is_a_refusal_that_names_the_setting_and_not_the_key(gateway, connect):
    client = connect(api_key="canary-5f1c")
    with pytest.raises(GatewayRefused, match=r"api_key in \[paymob\]") as refusal:
        await client.inquire(order_id="1001")
    assert "canary-5f1c" not in str(refusal.value)
    assert "canary-5f1c" not in repr(client.settings)


async def test_callers_who_wait_for_one_login_share_its_refusal(gateway, connect):
    client = connect(api_key="wrong", parallel=8)
    calls = [client.inquire(order_id="1001") for _ in range(8)]
    endings = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(ending, GatewayRefused) for ending in endings)
    assert [seen.path for seen in gateway.requests] == [TOKENS]


async def test_a_login_that_fails_for_now_is_tried_again_by_the_next_call(gateway, connect):
    gateway.orders["1001"] = scenario("success")
    client = connect()
    gateway.login_fault = Fault.ERROR_500
    with pytest.raises(GatewayUnavailable):
        await client.inquire(order_id="1001")
    gateway.login_fault = None
    assert (await client.inquire(order_id="1001")).success


UNREADABLE = {
    Fault.FORBIDDEN,
    Fault.TRUNCATED,
    Fault.NAN,
    Fault.FRACTION,
    Fault.DOUBLED_KEY,
    Fault.HUGE,
    Fault.GZIP_BOMB,
    Fault.BROKEN_GZIP,
    Fault.DEEP,
}
REFUSED = {Fault.REVOKED}


@pytest.mark.parametrize("fault", sorted(set(Fault) - REFUSED))
async def test_a_faulty_answer_is_no_answer(gateway, connect, fault):
    gateway.orders["1001"] = scenario("success", fault=fault)
    gateway.orders["1002"] = scenario("success")
    client = connect(timeout=SOON)
    with pytest.raises(GatewayUnavailable) as problem:
        await client.inquire(order_id="1001")
    assert isinstance(problem.value, GatewayUnreadable) is (fault in UNREADABLE)
    assert (await client.inquire(order_id="1002")).success, "the client has to survive it"


async def test_an_unpacking_bomb_does_not_fill_the_memory(gateway, connect):
    gateway.orders["1001"] = scenario("success", fault=Fault.GZIP_BOMB)
    client = connect()
    with pytest.raises(GatewayUnreadable, match="larger"):
        await client.inquire(order_id="1001")  # the emulator has its bomb ready now
    tracemalloc.start()
    try:
        with pytest.raises(GatewayUnreadable, match="larger"):
            await client.inquire(order_id="1001")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024 * 1024


async def test_a_redirect_takes_no_credential_anywhere(gateway, connect):
    gateway.orders["1001"] = scenario("success", fault=Fault.REDIRECT)
    with pytest.raises(GatewayUnavailable, match="redirect"):
        await connect(auth="bearer").inquire(order_id="1001")
    assert "/stolen" not in [seen.path for seen in gateway.requests]


async def test_a_gateway_that_is_not_there_is_unavailable(connect):
    client = connect(base_url="http://127.0.0.1:1")
    with pytest.raises(GatewayUnavailable):
        await client.inquire(order_id="1001")


async def test_another_transaction_than_asked_for_is_not_believed(gateway, connect):
    gateway.orders["1001"] = scenario("success")
    gateway.ledger("1001").overrides = {"id": 7}
    with pytest.raises(GatewayUnreadable, match="another"):
        await connect().transaction(1001001)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_cents": None},
        {"amount_cents": -1},
        {"amount_cents": True},
        {"amount_cents": 2**63},
        {"amount_cents": "1e3"},
        {"currency": None},
        {"currency": "EG"},
        {"success": None},
        {"pending": "maybe"},
        {"success": 1},
        {"id": None},
        {"is_refunded": "perhaps"},
        {"created_at": "yesterday"},
    ],
)
async def test_a_deciding_field_that_is_missing_or_wrong_makes_it_unreadable(gateway, connect, changes):
    gateway.orders["1001"] = scenario("success", offsets=True)
    gateway.ledger("1001").overrides = changes
    with pytest.raises(GatewayUnreadable):
        await connect().inquire(order_id="1001")


async def test_a_bank_message_is_made_storable(gateway, connect):
    gateway.orders["1001"] = scenario("declined", message="no\x00 funds \ud800" + "x" * 1000)
    message = (await connect().inquire(order_id="1001")).message
    assert message is not None
    assert message.startswith("no\ufffd funds \ufffdx") and len(message) == 500


async def test_retry_after_is_honoured(gateway, connect):
    gateway.orders["1001"] = scenario("success", fault=Fault.THROTTLED, faults=1, retry_after="1")
    client = connect()
    clock = asyncio.get_running_loop().time
    with pytest.raises(GatewayThrottled) as slow:
        await client.inquire(order_id="1001")
    throttled_at = clock()
    assert slow.value.pause == 1.0
    assert (await client.inquire(order_id="1001")).success
    assert clock() - throttled_at >= 0.9
    assert client.throttles == 1


async def test_a_pause_holds_back_those_who_already_had_their_turn():
    pace = Pace(rate=20, parallel=2, backoff=timedelta(milliseconds=300))
    clock = asyncio.get_running_loop().time

    async def second() -> float:
        async with pace.turn():
            return clock()

    async with asyncio.TaskGroup() as group, pace.turn():
        waiting = group.create_task(second())
        await asyncio.sleep(0)  # it waits for its slot, 50 ms from now
        silent_until = clock() + pace.throttled(None).pause
    assert waiting.result() >= silent_until


async def test_a_long_silence_is_told_and_not_waited_for(gateway, connect):
    gateway.orders["1001"] = scenario("success", fault=Fault.THROTTLED, retry_after="3600")
    client = connect()
    for _ in range(2):
        async with asyncio.timeout(5):
            with pytest.raises(GatewayThrottled):
                await client.inquire(order_id="1001")
    assert gateway.asked("1001") == 1, "the second call must not reach the gateway"


async def test_pauses_without_retry_after_double_and_start_over_after_an_answer(gateway):
    gateway.orders["1001"] = scenario("success", fault=Fault.THROTTLED, faults=3)
    gateway.orders["1002"] = scenario("success", fault=Fault.THROTTLED, faults=1)
    client = PaymobClient(gateway.settings(), backoff=timedelta(milliseconds=8))
    pauses = []
    for order in ["1001"] * 4 + ["1002"]:
        try:
            await client.inquire(order_id=order)
        except GatewayThrottled as slow:
            pauses.append(slow.pause * 1000)
    await client.close()
    bounds = [(4, 8), (8, 16), (16, 32), (4, 8)]
    assert all(low <= pause <= high for pause, (low, high) in zip(pauses, bounds, strict=True))


async def test_no_more_requests_are_under_way_than_configured(gateway, connect):
    for number in range(1001, 1013):
        gateway.orders[str(number)] = scenario("success", fault=Fault.HANG)
    client = connect(parallel=3)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        for number in gateway.orders:
            group.create_task(client.inquire(order_id=number))
        for number in ("1001", "1002", "1003"):
            await gateway.until_asked(number)
        assert gateway.asked("1004") == 0
        gateway.release()
    assert gateway.most_at_once == 3


async def test_requests_are_spaced_as_the_rate_says(gateway, connect):
    gateway.orders["1001"] = scenario("success")
    client = connect(rate=50.0, parallel=10)
    clock = asyncio.get_running_loop().time
    started = clock()
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(client.inquire(order_id="1001"))
    # 21 requests with the login: 20 spaces of 20 ms
    assert clock() - started >= 0.39


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        (None, None),
        ("soon", None),
        ("-3", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header, seconds):
    assert seconds_of(header) == seconds


async def test_a_base_url_that_ends_in_api_is_the_same_gateway(gateway, connect):
    gateway.orders["1001"] = scenario("success")
    assert (await connect(base_url=gateway.url + "/api/").inquire(order_id="1001")).success
