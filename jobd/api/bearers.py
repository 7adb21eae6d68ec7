"""Callers by bearer token, compared in constant time, at a bounded rate."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

from jobd.api.access import Caller
from jobd.api.refusals import Refused
from jobd.errors import StoreUnavailable
from jobd.model.change import Actor
from jobd.model.token import Token, hashed

KEPT_SECONDS = 5.0
"""A revoked token opens the door for so long at most; and Postgres is asked no oftener."""
MOST_COUNTED = 10_000


class Bearers:
    """The tokens that are valid now, as Postgres said some seconds ago."""

    def __init__(self, valid: Callable[[], Awaitable[Sequence[Token]]]) -> None:
        self._valid = valid
        self._known: Sequence[Token] = ()
        self._asked = -KEPT_SECONDS
        self._turn = asyncio.Lock()

    async def find(self, secret: str) -> Token | None:
        """The token of this secret; None when there is none.

        Every hash is compared, each in constant time: how long it takes says nothing about what is near.

        Raises:
            StoreUnavailable: nobody knows.
        """
        await self._look()
        given, found = hashed(secret), None
        for token in self._known:
            if hmac.compare_digest(token.hash, given):
                found = token
        return found

    async def holds(self, token: Token) -> bool:
        """False once it is revoked or has expired; while nobody knows, what was known last."""
        with suppress(StoreUnavailable):
            await self._look()
        return token in self._known

    async def _look(self) -> None:
        async with self._turn:
            if time.monotonic() > self._asked + KEPT_SECONDS:
                self._known = await self._valid()
                self._asked = time.monotonic()


async def holder(authorization: str, tokens: Bearers | None) -> Caller:
    """Whoever holds the token of this Authorization header.

    Raises:
        Refused: 401; whether it is unknown, expired or revoked is no business of whoever has no valid one.
        StoreUnavailable: nobody knows.
    """
    scheme, _, secret = authorization.partition(" ")
    given = scheme.lower() == "bearer" and secret
    if tokens is None or not given:
        raise Refused(401, "unauthorized", "a bearer token is needed", close=True)
    if (token := await tokens.find(secret)) is None:
        hint = "on the daemon's machine, jobd token list shows which are valid"
        raise Refused(401, "unauthorized", "this token is unknown, expired or revoked", hint=hint, close=True)
    actor = Actor(name=f"token:{token.name}", token=token.name)
    return Caller(actor=actor, role=token.role, still=partial(tokens.holds, token))


class Pace:
    """A bucket for each caller: `rate` requests a second, and as many at once as two seconds bring."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._most = max(1.0, 2 * rate)
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def wait(self, whose: object) -> float:
        """Seconds until the next request of this caller may come; 0 when this one may, which then counts."""
        now = time.monotonic()
        left, seen = self._buckets.pop(whose, (self._most, now))
        left = min(self._most, left + (now - seen) * self._rate)
        allowed = left >= 1
        self._buckets[whose] = (left - 1 if allowed else left, now)
        if len(self._buckets) > MOST_COUNTED:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._rate
