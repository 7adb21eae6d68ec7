"""A Paymob on loopback: scripted by order id, the same every time, and it remembers what it was asked."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
from aiohttp import web

from jobd.model.settings import PaymobSettings
from jobd.testing.paymob.callbacks import Callback, callback
from jobd.testing.paymob.ledger import MOST_TRANSACTIONS, Ledger
from jobd.testing.paymob.scenario import Fault, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as the gateway saw it; `credential` is where it carried one, `order` what it was about."""

    method: str
    path: str
    status: int
    order: str | None = None
    credential: str | None = None


class PaymobEmulator:
    """`async with PaymobEmulator() as gateway: gateway.orders["1001"] = scenario("success", amount=…)`

    `orders` may be changed at any time; an order that is not in it does not exist. `requests` logs every
    answered request, `logins` counts tokens given out, `most_at_once` is the most requests ever under way.
    """

    def __init__(
        self,
        *,
        api_key: str = "emulated-api-key",
        secret_key: str = "emulated-secret-key",  # noqa: S107 - opens nothing
        hmac_secret: str = "emulated-hmac-secret",  # noqa: S107
        token_ttl: timedelta = timedelta(minutes=60),
        accepts: frozenset[str] = frozenset({"body", "bearer", "query", "secret"}),
        port: int = 0,
    ) -> None:
        self.api_key, self.secret_key, self.hmac_secret = api_key, secret_key, hmac_secret
        self.token_ttl, self.accepts, self._port = token_ttl, accepts, port
        self.orders: dict[str, Scenario] = {}
        self.requests: list[Seen] = []
        self.logins = 0
        self.login_fault: Fault | None = None
        self.most_at_once = 0
        self.url = ""
        self.released = asyncio.Event()
        self._at_once = 0
        self._ledgers: dict[str, Ledger] = {}
        self._tokens: dict[str, float] = {}
        self._ahead = 0.0
        self._news = asyncio.Condition()
        self._asked: dict[str, int] = {}

    async def __aenter__(self) -> PaymobEmulator:
        from jobd.testing.paymob.routes import application

        self._runner = web.AppRunner(application(self), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.released.set()
        await self._runner.cleanup()

    def settings(self, **changes: Any) -> PaymobSettings:
        """Settings of a client of this gateway, with deadlines and a pace that suit tests."""
        mine: dict[str, Any] = {
            "base_url": self.url, "api_key": self.api_key, "secret_key": self.secret_key, "rate": 0.0,
            "timeout": timedelta(seconds=5),
        }  # fmt: skip
        return PaymobSettings(**{**mine, **changes})

    def ledger(self, number: str) -> Ledger | None:
        """The order's transactions, begun anew when its scenario was replaced; None without such an order."""
        told = self.orders.get(number)
        if told is None:
            return None
        kept = self._ledgers.get(number)
        if kept is None or kept.told is not told:
            kept = self._ledgers[number] = Ledger(number, told)
        return kept

    def ledger_of(self, transaction_id: int) -> Ledger | None:
        """The ledger that holds a transaction; None when there is no such order."""
        return self.ledger(str(transaction_id // MOST_TRANSACTIONS))

    def release(self) -> None:
        """Let every hanging request have its answer, now and from now on."""
        self.released.set()

    def advance(self, by: timedelta) -> None:
        """Make time pass at the gateway: tokens grow old."""
        self._ahead += by.total_seconds()

    def revoke_tokens(self) -> None:
        """Void every token given out so far."""
        self._tokens.clear()

    def issue_token(self) -> str:
        """A fresh token."""
        self.logins += 1
        token = f"emulated-token-{self.logins}"
        self._tokens[token] = self._now() + self.token_ttl.total_seconds()
        return token

    def accepts_token(self, token: str) -> bool:
        """Whether a token is one of ours, neither revoked nor too old."""
        return self._tokens.get(token, 0.0) > self._now()

    def _now(self) -> float:
        return time.monotonic() + self._ahead

    def begun(self) -> None:
        """Count a request that is under way."""
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)

    def ended(self, seen: Seen) -> None:
        """Log a request."""
        self._at_once -= 1
        self.requests.append(seen)

    def asked(self, number: str) -> int:
        """How many requests about an order have come in, hanging ones included."""
        return self._asked.get(number, 0)

    async def note(self, number: str) -> None:
        """Count a request about an order, before it is answered."""
        async with self._news:
            self._asked[number] = self.asked(number) + 1
            self._news.notify_all()

    async def until_asked(self, number: str) -> None:
        """Return once the gateway was asked about an order, answered or not."""
        async with self._news:
            await self._news.wait_for(lambda: self.asked(number) > 0)

    def callback(self, number: str, *, which: int = -1, tampered: bool = False) -> Callback:
        """The signed callback about an order's transaction, the last unless `which` says otherwise."""
        kept = self.ledger(number)
        if kept is None or not kept.transactions:
            raise ValueError(f"order {number} has no transaction to call back about")
        return callback(kept.show(kept.transactions[which]), self.hmac_secret, tampered=tampered)

    async def deliver(self, url: str, told: Callback) -> int:
        """Send a callback, as often and in whatever order the test likes; the receiver's HTTP status."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                url, params={"hmac": told.hmac}, data=told.body, headers={"Content-Type": "application/json"}
            ) as response,
        ):
            return response.status
