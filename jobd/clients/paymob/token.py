"""The gateway's session token: fetched once, shared by all callers, renewed when it is refused or old."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from jobd.clients.paymob import strict
from jobd.clients.paymob.errors import GatewayRefused, GatewayUnavailable, GatewayUnreadable, PaymobError
from jobd.clients.paymob.transport import Transport

TOKENS = "/api/auth/tokens"


class Token:
    """One token for all callers; at most one login is under way, and all who wait share how it ended."""

    def __init__(self, transport: Transport, api_key: str, ttl: timedelta) -> None:
        self._transport = transport
        self._api_key = api_key
        self._ttl = ttl.total_seconds()
        self._lock = asyncio.Lock()
        self._value: str | None = None
        self._expires = 0.0
        self._logins = 0
        self._problem: PaymobError | None = None

    async def value(self) -> str:
        """A token that is believed to be good.

        Raises:
            GatewayRefused: the gateway does not accept the API key.
            GatewayUnavailable: it did not answer.
        """
        if self._value is not None and asyncio.get_running_loop().time() < self._expires:
            return self._value
        return await self.renewed(self._value)

    async def renewed(self, stale: str | None) -> str:
        """A token other than `stale`: somebody else's newer one, or by a login. Raises as `value`."""
        seen = self._logins
        async with self._lock:
            if self._value is not None and self._value != stale:
                return self._value
            if self._logins != seen and self._problem is not None:
                raise self._problem
            return await self._login()

    async def fresh(self) -> str:
        """A token from a login that begins now or is under way. Raises as `value`."""
        return await self.renewed(self._value)

    async def _login(self) -> str:
        self._value, self._problem = None, None
        started = asyncio.get_running_loop().time()
        try:
            self._value = await self._ask()
        except PaymobError as problem:
            self._problem = problem
            raise
        finally:
            self._logins += 1
        self._expires = started + self._ttl
        return self._value

    async def _ask(self) -> str:
        if not self._api_key:
            raise GatewayRefused("no API key: set api_key in [paymob]")
        answer = await self._transport.send("POST", TOKENS, json={"api_key": self._api_key})
        if answer.status in (400, 401, 403):
            raise GatewayRefused("the gateway does not accept the API key: correct api_key in [paymob]")
        if answer.status not in (200, 201):
            problem = f"the gateway answered the login with {answer.status}"
            raise GatewayUnavailable(problem, status=answer.status)
        token = strict.parse(answer.body).get("token")
        if not (isinstance(token, str) and token.isascii() and token.isprintable() and token):
            raise GatewayUnreadable("the gateway answered the login without a token")
        return token
