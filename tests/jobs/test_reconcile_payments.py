"""reconcile-payments against the emulated gateway and real tables."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

import asyncpg
import pytest

from jobd.clients.paymob import GatewayRefused, PaymobClient
from jobd.jobs.reconcile_payments import reconcile_payments
from jobd.model.run import Items
from jobd.model.settings import Settings
from jobd.testing.context import TestContext
from jobd.testing.paymob import Fault, PaymobEmulator, Scenario, Story, expected_outcome, scenario
from jobd.testing.postgres import fresh_database

HOUR = timedelta(hours=1)
LONG_AGO = timedelta(hours=100)
AT = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
async def pool(postgres_url: str) -> AsyncIterator[Any]:
    """A database with the application's tables and one customer."""
    async with fresh_database(postgres_url) as url, asyncpg.create_pool(url, min_size=1, max_size=6) as pool:
        await pool.execute((files("jobd.jobs") / "schema.sql").read_text("utf-8"))
        await pool.execute("insert into users (id, full_name, email) values (1, 'Mona', 'mona@example.com')")
        yield pool


@pytest.fixture(autouse=True)
async def emptied(pool: Any) -> None:
    await pool.execute("delete from payments")


@pytest.fixture
async def gateway() -> AsyncIterator[PaymobEmulator]:
    async with PaymobEmulator() as gateway:
        yield gateway


@pytest.fixture
async def context(pool: Any, gateway: PaymobEmulator) -> AsyncIterator[Callable[..., TestContext]]:
    """Makes contexts whose `[paymob]` is the emulator; the client's own pauses are a millisecond."""
    made: list[TestContext] = []

    def make(**changes: Any) -> TestContext:
        paymob = gateway.settings(**changes)
        ctx = TestContext(pool, job="reconcile-payments", settings=Settings(paymob=paymob))
        ctx.resources["paymob"] = PaymobClient(paymob, backoff=timedelta(milliseconds=1))
        made.append(ctx)
        return ctx

    yield make
    for ctx in made:
        async with ctx:
            pass


async def pay(
    pool: Any, order: str | None, told: Scenario | None = None, *, age: timedelta = HOUR, **columns: Any
) -> int:
    """A payment that waits for the gateway since `age`, with the scenario's amount and currency."""
    told = told or scenario("success")
    values = {"status": "Pending", "amount": told.amount, "currency": told.currency, "payment_method": "card"}
    values |= columns
    number: int = await pool.fetchval(
        "insert into payments"
        " (user_id, paymob_order_id, created_at, status, amount, currency, payment_method)"
        " values (1, $1, now() - $2::interval, $3, $4, $5, $6) returning id",
        order,
        age,
        *values.values(),
    )
    return number


async def row(pool: Any, number: int) -> Any:
    return await pool.fetchrow("select * from payments where id = $1", number)


TELLS = [
    Scenario(story=story, amount=amount, currency=currency)
    for story in Story
    for amount, currency in ((Decimal("150.00"), "EGP"), (Decimal("7.125"), "OMR"))
]


@pytest.mark.parametrize("age", [HOUR, LONG_AGO], ids=["young", "old"])
@pytest.mark.parametrize("dress", ["plain", "wrapped", "string_booleans", "offsets", "sparse", "extra", "listed"])
async def test_every_story_ends_as_the_gateway_tells_it(pool, gateway, context, dress, age):
    told = {
        str(1001 + n): Scenario(
            story=one.story,
            amount=one.amount,
            currency=one.currency,
            **({} if dress == "plain" else {dress: dress != "listed"}),
        )
        for n, one in enumerate(TELLS)
    }
    gateway.orders.update(told)
    numbers = {order: await pay(pool, order, one, age=age) for order, one in told.items()}
    ctx = context(**({} if dress == "sparse" else {"live": False, "integration_ids": (4097558,)}))
    result = await reconcile_payments(ctx)
    if dress == "sparse":  # nothing says what kind of transaction these are
        told = {order: one for order, one in told.items() if one.story not in MARKED}
    for order, one in told.items():
        expected = expected_outcome(one, age=age) or "Pending"
        assert (await row(pool, numbers[order]))["status"] == expected, one.story
    assert result["asked"] == len(numbers) and result["stopped"] is None
    assert ctx.items.done + ctx.items.skipped + ctx.items.failed == len(numbers)


MARKED = {Story.LIVE_MISMATCH, Story.OTHER_INTEGRATION}


async def test_a_completed_payment_carries_its_transaction_and_the_time_it_was_paid(pool, gateway, context):
    gateway.orders["1001"] = scenario("success", at=AT)
    number = await pay(pool, "1001")
    ctx = context()
    await reconcile_payments(ctx)
    done = await row(pool, number)
    assert (done["status"], done["paymob_transaction_id"]) == ("Completed", "1001001")
    assert done["paid_at"] == AT + timedelta(minutes=1)
    assert (done["failed_at"], done["failure_reason"], done["refund_amount"]) == (None, None, None)
    assert ctx.items == Items(done=1)


async def test_a_failed_payment_keeps_the_words_of_the_bank(pool, gateway, context):
    gateway.orders["1001"] = scenario("declined", message="Insufficient\x00 funds")
    number = await pay(pool, "1001", age=LONG_AGO)
    await reconcile_payments(context())
    failed = await row(pool, number)
    assert (failed["status"], failed["failure_reason"]) == ("Failed", "Insufficient\ufffd funds")
    assert failed["failed_at"] is not None and failed["paid_at"] is None


async def test_a_refund_is_recorded_with_its_amount_and_time(pool, gateway, context):
    gateway.orders["1001"] = scenario("partial-refund", refunded=Decimal("40.25"), at=AT)
    number = await pay(pool, "1001")
    await reconcile_payments(context())
    back = await row(pool, number)
    assert (back["status"], back["refund_amount"]) == ("PartiallyRefunded", Decimal("40.25"))
    assert back["refunded_at"] == AT + HOUR and back["paid_at"] is not None
    assert back["paymob_transaction_id"] == "1001001", "the payment's transaction, not the refund's"


async def test_an_expired_payment_waits_twice_as_long_for_a_kiosk(pool, gateway, context):
    gateway.orders |= {"1001": scenario("no-attempt"), "1002": scenario("no-attempt")}
    card = await pay(pool, "1001", age=LONG_AGO)
    kiosk = await pay(pool, "1002", age=LONG_AGO, payment_method="kiosk")
    await reconcile_payments(context())
    assert [(await row(pool, one))["status"] for one in (card, kiosk)] == ["Expired", "Pending"]


async def test_only_waiting_payments_of_the_right_age_with_an_order_are_asked_about(pool, gateway, context):
    for number in range(1001, 1006):
        gateway.orders[str(number)] = scenario("success")
    await pay(pool, "1001", age=timedelta(minutes=29))
    await pay(pool, None)
    await pay(pool, "")
    await pay(pool, "1002", status="Failed")
    await pool.execute("update payments set is_deleted = true where id = $1", await pay(pool, "1003"))
    asked = await pay(pool, "1004", status="Processing")
    result = await reconcile_payments(context())
    assert result == {"asked": 1, "left": 0, "stopped": None, "Completed": 1}
    assert (await row(pool, asked))["status"] == "Completed"
    assert (await reconcile_payments(context(), older_than_minutes=20))["asked"] == 1


async def test_many_pages_are_walked_whatever_is_settled_on_the_way(pool, gateway, context):
    stories = ["success", "no-attempt", "pending-card"]
    for n in range(25):
        gateway.orders[str(1001 + n)] = told = scenario(stories[n % 3])
        await pay(pool, str(1001 + n), told, age=HOUR + timedelta(minutes=n // 5))
    result = await reconcile_payments(context(), batch=4)
    assert result == {"asked": 25, "left": 0, "stopped": None, "Completed": 9, "Pending": 16}


@pytest.mark.parametrize("fault", sorted(set(Fault) - {Fault.REVOKED, Fault.THROTTLED}))
async def test_no_fault_of_the_gateway_changes_a_payment_or_stops_the_others(pool, gateway, context, fault):
    gateway.orders |= {"1001": scenario("success", fault=fault), "1002": scenario("success")}
    first, second = await pay(pool, "1001", age=2 * HOUR), await pay(pool, "1002")
    before = await row(pool, first)
    ctx = context(timeout=timedelta(milliseconds=300))
    result = await reconcile_payments(ctx)
    assert await row(pool, first) == before
    assert (await row(pool, second))["status"] == "Completed"
    assert ctx.items == Items(done=1, failed=1)
    assert (result["Unknown"], result["stopped"]) == (1, None)


async def test_a_token_revoked_in_the_middle_costs_no_payment(pool, gateway, context):
    numbers = []
    for n in range(8):
        fault = {"fault": Fault.REVOKED, "faults": 1} if n == 4 else {}
        gateway.orders[str(1001 + n)] = scenario("success", **fault)
        numbers.append(await pay(pool, str(1001 + n)))
    result = await reconcile_payments(context())
    assert result["Completed"] == 8
    assert gateway.logins == 2


async def test_wrong_credentials_fail_the_run_and_change_nothing(pool, gateway, context):
    gateway.orders["1001"] = scenario("success")
    number = await pay(pool, "1001")
    before = await row(pool, number)
    ctx = context(api_key="wrong")
    with pytest.raises(GatewayRefused, match="api_key"):
        await reconcile_payments(ctx)
    assert await row(pool, number) == before
    assert ctx.items == Items()


async def test_a_run_without_a_paymob_table_says_what_is_missing(pool):
    with pytest.raises(GatewayRefused, match=r"\[paymob\]"):
        await reconcile_payments(TestContext(pool))


async def test_a_short_throttle_is_sat_out(pool, gateway, context):
    gateway.orders["1001"] = scenario("success", fault=Fault.THROTTLED, faults=3)
    await pay(pool, "1001")
    result = await reconcile_payments(context(throttle_limit=5))
    assert result == {"asked": 1, "left": 0, "stopped": None, "Completed": 1}


@pytest.mark.parametrize("retry_after", [None, "0", "86400"])
async def test_a_throttling_gateway_is_left_alone_and_the_rest_waits_for_the_next_run(
    pool, gateway, context, retry_after
):
    for n in range(6):
        fault = {"fault": Fault.THROTTLED, "retry_after": retry_after} if n == 2 else {}
        gateway.orders[str(1001 + n)] = scenario("success", **fault)
        await pay(pool, str(1001 + n), age=HOUR + timedelta(minutes=10 - n))
    ctx = context(parallel=1, throttle_limit=3)
    result = await reconcile_payments(ctx)
    assert result == {
        "asked": 2,
        "left": 4,
        "stopped": "the gateway asked to slow down",
        "Completed": 2,
    }
    assert ctx.items == Items(done=2)
    assert gateway.asked("1003") == (1 if retry_after == "86400" else 3)
    assert gateway.asked("1004") == 0


async def test_a_gateway_that_is_gone_ends_the_run_early(pool, gateway, context):
    for n in range(30):
        await pay(pool, str(1001 + n))
    gateway.login_fault = Fault.HTML_502
    ctx = context()
    result = await reconcile_payments(ctx)
    assert result["stopped"].startswith("the gateway does not answer")
    assert result["left"] >= 22, "five failures, and three that were under way"
    assert ctx.items.done == 0
    assert ctx.items.failed == result["Unknown"] == result["asked"]


@pytest.mark.parametrize(("fault", "probes"), [(Fault.ERROR_500, 2), (Fault.NAN, 0)])
async def test_orders_that_the_gateway_cannot_answer_for_do_not_keep_the_others_waiting(
    pool, gateway, context, fault, probes
):
    for n in range(12):
        gateway.orders[str(1001 + n)] = scenario("success", fault=fault if n < 11 else None)
        await pay(pool, str(1001 + n), age=2 * HOUR - timedelta(minutes=n))
    result = await reconcile_payments(context(parallel=1))
    assert result == {"asked": 12, "left": 0, "stopped": None, "Unknown": 11, "Completed": 1}
    assert gateway.logins == 1 + probes


async def test_a_webhook_that_is_faster_wins(pool, gateway, context):
    gateway.orders["1001"] = scenario("success", fault=Fault.HANG)
    number = await pay(pool, "1001")
    ctx = context()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        run = group.create_task(reconcile_payments(ctx))
        await gateway.until_asked("1001")
        await pool.execute(
            "update payments set status = 'Completed', paymob_transaction_id = 'webhook' where id = $1",
            number,
        )
        gateway.release()
    assert run.result()["SettledElsewhere"] == 1
    assert (await row(pool, number))["paymob_transaction_id"] == "webhook"
    assert ctx.items == Items(skipped=1)


async def test_a_payment_whose_amount_changes_meanwhile_is_not_completed(pool, gateway, context):
    gateway.orders["1001"] = scenario("success", fault=Fault.HANG)
    number = await pay(pool, "1001")
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(reconcile_payments(context()))
        await gateway.until_asked("1001")
        await pool.execute("update payments set amount = 1000 where id = $1", number)
        gateway.release()
    assert (await row(pool, number))["status"] == "Pending"


async def test_five_hundred_payments_raced_by_their_webhooks_are_completed_once_each(pool, gateway, context):
    await pool.execute("create table completions (payment bigint, by text)")
    await pool.execute(
        """create function note() returns trigger language plpgsql as $$ begin
        insert into completions values (new.id, new.paymob_transaction_id); return new; end $$"""
    )
    await pool.execute(
        "create trigger note after update on payments for each row when (new.status = 'Completed')"
        " execute function note()"
    )
    try:
        numbers = []
        for n in range(500):
            gateway.orders[str(1001 + n)] = scenario("success")
            numbers.append(await pay(pool, str(1001 + n)))
        ctx, twin = context(), context()
        webhook = (
            "update payments set status = 'Completed', paymob_transaction_id = 'hook ' || id"
            " where id = $1 and status in ('Pending', 'Processing')"
        )

        async def webhooks() -> None:
            for number in reversed(numbers):
                await pool.execute(webhook, number)

        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            group.create_task(reconcile_payments(ctx))
            group.create_task(reconcile_payments(twin))
            group.create_task(webhooks())
        found = await pool.fetch("select payment, count(*) as times from completions group by payment")
        assert sorted(one["payment"] for one in found) == numbers
        assert {one["times"] for one in found} == {1}
        hooks = await pool.fetchval("select count(*) from completions where by like 'hook %'")
        assert ctx.items.done + twin.items.done + hooks == 500
        assert 0 < hooks < 500, "the race must have two sides"
    finally:
        await pool.execute("drop table completions cascade; drop function note cascade")


async def test_one_transaction_pays_for_one_payment(pool, gateway, context, caplog):
    gateway.orders["1001"] = scenario("success")
    first, second = await pay(pool, "1001", age=2 * HOUR), await pay(pool, "1001")
    ctx = context()
    with caplog.at_level(logging.WARNING):
        await reconcile_payments(ctx)
    statuses = sorted([(await row(pool, one))["status"] for one in (first, second)])
    assert statuses == ["Completed", "Pending"]
    assert ctx.items == Items(done=1, failed=1)
    assert [record.reason for record in caplog.records if record.msg == "payment left as it is"] == [
        "its gateway transaction already pays for another payment"
    ]


async def test_two_payments_of_one_declined_order_both_fail(pool, gateway, context):
    gateway.orders["1001"] = scenario("declined")
    numbers = [await pay(pool, "1001", age=LONG_AGO) for _ in range(2)]
    await reconcile_payments(context())
    assert {(await row(pool, number))["status"] for number in numbers} == {"Failed"}


async def test_a_row_that_the_application_refuses_stops_no_other(pool, gateway, context):
    gateway.orders |= {"1001": scenario("success"), "1002": scenario("success")}
    first, second = await pay(pool, "1001", age=2 * HOUR), await pay(pool, "1002")
    await pool.execute(f"alter table payments add constraint frozen check (id <> {first} or status = 'Pending')")
    try:
        ctx = context()
        await reconcile_payments(ctx)
    finally:
        await pool.execute("alter table payments drop constraint frozen")
    assert [(await row(pool, one))["status"] for one in (first, second)] == ["Pending", "Completed"]
    assert ctx.items == Items(done=1, failed=1)


async def test_a_lost_database_fails_the_run_with_its_own_error(pool, gateway, context):
    gateway.orders["1001"] = scenario("success")
    await pay(pool, "1001")
    await pool.execute("alter table payments rename column refund_amount to gone")
    try:
        with pytest.raises(asyncpg.UndefinedColumnError):
            await reconcile_payments(context())
    finally:
        await pool.execute("alter table payments rename column gone to refund_amount")


async def test_a_cancelled_run_stops_between_two_payments(pool, gateway, context):
    gateway.orders |= {"1001": scenario("success", fault=Fault.HANG), "1002": scenario("success")}
    first, second = await pay(pool, "1001", age=2 * HOUR), await pay(pool, "1002")
    ctx = context(parallel=1)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        run = group.create_task(reconcile_payments(ctx))
        await gateway.until_asked("1001")
        ctx.cancelled = True
        gateway.release()
    assert [(await row(pool, one))["status"] for one in (first, second)] == ["Completed", "Pending"]
    assert (run.result()["stopped"], run.result()["left"]) == ("the run was cancelled", 1)


async def test_reconciling_again_changes_nothing(pool, gateway, context):
    for n, story in enumerate(Story):
        gateway.orders[str(1001 + n)] = told = scenario(story)
        await pay(pool, str(1001 + n), told)
    await reconcile_payments(context())
    before = await pool.fetch("select * from payments order by id")
    ctx = context()
    await reconcile_payments(ctx)
    assert await pool.fetch("select * from payments order by id") == before
    assert ctx.items.done == 0


async def test_progress_and_the_shared_client_are_the_contexts(pool, gateway):
    gateway.orders["1001"] = scenario("success")
    await pay(pool, "1001")
    async with TestContext(pool, settings=Settings(paymob=gateway.settings())) as ctx:
        await reconcile_payments(ctx)
        await reconcile_payments(ctx)
        assert ctx.progressed == [(1, 1, "")]
        assert isinstance(ctx.resources["paymob"], PaymobClient)
    assert ctx.resources == {}
