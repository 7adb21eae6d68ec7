"""Asks Paymob about payments that have waited too long, and settles each one on its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from jobd import Context, statements
from jobd.clients.paymob import (
    GatewayRefused,
    GatewayThrottled,
    GatewayUnavailable,
    GatewayUnreadable,
    PaymobClient,
    Policy,
    Verdict,
    evidence_about,
    judge,
)
from jobd.jobs.settle_payment import Answer, RowRefused, settle, waiting_payment

sql = statements(__package__, "reconcile_payments")

OUTAGE = 5
"""So many questions in a row without an answer, and the gateway itself is asked whether it is there."""
LONGEST_PAUSE = 60.0
"""Seconds of silence asked for by the gateway that a run sits out; more is left to the next run."""
FASTER = "SettledElsewhere"
"""The outcome of a payment that the webhook, or another run, settled between our question and our answer."""


async def reconcile_payments(
    ctx: Context,
    *,
    older_than_minutes: int = 30,
    batch: int = 200,
    fail_after_hours: int = 24,
    expire_after_hours: int = 72,
) -> dict[str, Any]:
    """Counts by outcome of every payment that is Pending or Processing for more than `older_than_minutes`.

    An order that was only declined fails after `fail_after_hours`; one that nobody tried to pay expires after
    `expire_after_hours`. Safe beside the webhook and beside itself: a payment is settled at most once, by a
    statement that checks it is still waiting. `stopped` in the result says why some were left for later.

    Raises:
        GatewayRefused: there is no `[paymob]` table, or its credentials are wrong.
    """
    settings = ctx.settings.paymob
    if settings is None:
        raise GatewayRefused("there is no [paymob] table in the configuration: add one with its api_key")

    async def make() -> PaymobClient:
        return PaymobClient(settings)

    policy = Policy(
        integration_ids=frozenset(settings.integration_ids),
        live=settings.live,
        fail_after=timedelta(hours=fail_after_hours),
        expire_after=timedelta(hours=expire_after_hours),
    )
    sweep = Sweep(ctx, await ctx.resource("paymob", make), policy)
    return await sweep.over(older_than_minutes, batch)


class Sweep:
    """One pass over all waiting payments, `[paymob] parallel` at once."""

    def __init__(self, ctx: Context, client: PaymobClient, policy: Policy) -> None:
        self.ctx, self.client, self.policy = ctx, client, policy
        self.outcomes: Counter[str] = Counter()
        self.stopped: str | None = None
        self._throttles_before = client.throttles
        self._unanswered = 0
        self._probing = asyncio.Lock()

    async def over(self, older_than_minutes: int, batch: int) -> dict[str, Any]:
        """Ask about every payment, page by page; the result of the run."""
        total = await self.ctx.db.fetchval(sql.count_due, older_than_minutes)
        last: tuple[datetime | None, Any] = (None, None)
        while not self._ends():
            page = await self.ctx.db.fetch(sql.due_payments, older_than_minutes, *last, batch)
            await self._page(page, total)
            if len(page) < batch:
                break
            last = page[-1]["created_at"], page[-1]["id"]
        if self.stopped:
            self.ctx.log.warning("reconciliation stopped early", extra={"reason": self.stopped})
        asked = self.outcomes.total()
        return {"asked": asked, "left": max(0, total - asked), "stopped": self.stopped, **self.outcomes}

    def _ends(self) -> bool:
        if self.ctx.cancelled:
            self.stopped = self.stopped or "the run was cancelled"
        return self.stopped is not None

    async def _page(self, page: list[Any], total: int) -> None:
        waiting = iter(page)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(max(1, self.client.settings.parallel)):
                    group.create_task(self._work(waiting, total))
        except ExceptionGroup as several:
            # the first to fail stopped the others; what they had settled is committed
            raise several.exceptions[0] from None

    async def _work(self, waiting: Iterator[Any], total: int) -> None:
        while not self._ends() and (row := next(waiting, None)) is not None:
            try:
                answer = await self._answer(row["paymob_order_id"])
            except GatewayThrottled:
                self.stopped = self.stopped or "the gateway asked to slow down"
                return
            outcome = await self._settle(row, answer)
            self.outcomes[outcome] += 1
            self.ctx.progress(self.outcomes.total(), total)

    async def _answer(self, order_id: str) -> Answer:
        """What the gateway says, asked again after its pause; GatewayThrottled when that is too much."""
        while True:
            try:
                answer = await evidence_about(self.client, order_id.strip())
            except GatewayThrottled as slow:
                if self._throttled_enough(slow) or self._ends():
                    raise
            except GatewayUnavailable as problem:
                await self._unavailable(problem)
                return problem
            else:
                self._unanswered = 0
                return answer

    def _throttled_enough(self, slow: GatewayThrottled) -> bool:
        throttles = self.client.throttles - self._throttles_before
        return throttles >= self.client.settings.throttle_limit or slow.pause > LONGEST_PAUSE

    async def _unavailable(self, problem: GatewayUnavailable) -> None:
        """End the run when the gateway is gone; one order it cannot answer for does not end it."""
        if isinstance(problem, GatewayUnreadable):
            return
        async with self._probing:  # whoever else meets an outage meanwhile waits for what the probe finds
            self._unanswered += 1
            if self._unanswered < OUTAGE or self.stopped:
                return
            self._unanswered = 0
            try:
                await self.client.probe()
            except GatewayUnavailable as outage:
                self.stopped = self.stopped or f"the gateway does not answer: {outage}"

    async def _settle(self, row: Any, answer: Answer) -> str:
        """Act on the answer about one payment, count it and log what an operator would want to read."""
        judgement = judge(waiting_payment(row), answer, self.policy)
        facts = {"payment": row["id"], "verdict": judgement.verdict, "reason": judgement.reason}
        if judgement.verdict in (Verdict.UNKNOWN, Verdict.REVIEW):
            return self._left(facts)
        if judgement.verdict in (Verdict.PENDING, row["status"]):
            self.ctx.count(skipped=1)
            return judgement.verdict.value
        try:
            settled = await settle(self.ctx, row, judgement, answer)
        except RowRefused as refusal:
            return self._left({**facts, "verdict": Verdict.REVIEW, "reason": str(refusal)})
        if not settled:
            self.ctx.count(skipped=1)
            return FASTER
        self.ctx.count(done=1)
        self.ctx.log.info("payment settled", extra={**facts, "was": row["status"]})
        return judgement.verdict.value

    def _left(self, facts: dict[str, Any]) -> str:
        self.ctx.count(failed=1)
        self.ctx.log.warning("payment left as it is", extra=facts)
        return str(facts["verdict"])
