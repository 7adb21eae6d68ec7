"""Paymob's Accept API, as far as reconciliation needs it: what happened to an order or a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from aiohttp.hdrs import AUTHORIZATION

from jobd.clients.paymob import strict
from jobd.clients.paymob.errors import GatewayRefused, GatewayUnreadable, NoSuchTransaction
from jobd.clients.paymob.pace import Pace
from jobd.clients.paymob.token import Token
from jobd.clients.paymob.transaction import Order, Transaction, order, transaction
from jobd.clients.paymob.transport import Answer, Transport
from jobd.model.settings import PaymobSettings

INQUIRY = "/api/ecommerce/orders/transaction_inquiry"
ORDERS = "/api/ecommerce/orders"
TRANSACTIONS = "/api/acceptance/transactions"
PAGE_SIZE = 50
MOST_PAGES = 20
"""1,000 attempts on one order: more is no order."""


class PaymobClient:
    """A client for one merchant account; share one, it paces all its callers together.

    Every call raises GatewayRefused when the credentials are wrong, and GatewayUnavailable when nothing is
    known: then change nothing. Close it when done.
    """

    def __init__(self, settings: PaymobSettings, *, backoff: timedelta = timedelta(seconds=1)) -> None:
        self.settings = settings
        self._zone = ZoneInfo(settings.timezone)
        self._pace = Pace(settings.rate, settings.parallel, backoff)
        self._transport = Transport(settings, self._pace)
        self._token = Token(self._transport, settings.api_key, settings.token_ttl)

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.close()

    @property
    def throttles(self) -> int:
        """How often the gateway has answered 429 so far."""
        return self._pace.throttles

    async def inquire(self, *, order_id: str | None = None, merchant_order_id: str | None = None) -> Transaction:
        """The last transaction of an order, by the gateway's id or by ours; exactly one of them is given.

        Raises:
            NoSuchTransaction: nobody has tried to pay it.
        """
        if (order_id is None) == (merchant_order_id is None):
            raise ValueError("give either order_id or merchant_order_id")
        by_ours = {"merchant_order_id": merchant_order_id}
        asked = by_ours if order_id is None else {"order_id": order_id}
        return self._transaction(await self._ask("POST", INQUIRY, json=asked))

    async def transaction(self, transaction_id: int) -> Transaction:
        """One transaction by its id.

        Raises:
            NoSuchTransaction: the gateway knows none of that id.
        """
        found = self._transaction(await self._ask("GET", f"{TRANSACTIONS}/{transaction_id:d}"))
        if found.id != transaction_id:
            raise GatewayUnreadable("the gateway answered with another transaction than asked for")
        return found

    async def transactions(self, order_id: str) -> tuple[Transaction, ...]:
        """Every transaction of an order, oldest id first; those of other orders in the answer are dropped.

        Raises:
            NoSuchTransaction: this account has no such list.
        """
        found: dict[int, Transaction] = {}
        for page in range(1, MOST_PAGES + 1):
            query = {"order_id": order_id, "page": str(page), "page_size": str(PAGE_SIZE)}
            fields = await self._ask("GET", TRANSACTIONS, query=query)
            found.update((one.id, one) for one in self._page(fields) if one.order.id == order_id)
            if not fields.get("next"):
                return tuple(found[number] for number in sorted(found))
        raise GatewayUnreadable(f"more than {MOST_PAGES} pages of transactions for one order")

    async def order(self, order_id: str) -> Order:
        """An order by the gateway's id.

        Raises:
            NoSuchTransaction: the gateway knows no such order.
        """
        if not order_id.isascii() or not order_id.isdigit():
            raise ValueError("an order id of the gateway is a number")
        return order(await self._ask("GET", f"{ORDERS}/{order_id}"))

    async def probe(self) -> None:
        """Return when the gateway serves us at all, whatever the state of any one order.

        Raises:
            GatewayUnavailable: it does not.
        """
        if self._signs_in:
            await self._token.fresh()
        else:
            await self._ask("GET", TRANSACTIONS, query={"page": "1", "page_size": "1"})

    def _page(self, fields: Mapping[str, Any]) -> list[Transaction]:
        results = fields.get("results")
        if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
            raise GatewayUnreadable("a list of transactions without results")
        return [self._transaction(one) for one in results]

    def _transaction(self, fields: Mapping[str, Any]) -> Transaction:
        return transaction(fields, self._zone)

    @property
    def _signs_in(self) -> bool:
        return self.settings.auth not in ("secret", "intention")

    async def _ask(
        self,
        method: Literal["GET", "POST"],
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        credential = await self._token.value() if self._signs_in else self.settings.secret_key
        answer = await self._send(method, path, json, query, credential)
        if answer.status == 401 and self._signs_in:
            # revoked, or older than we think: one fresh token, and then it is the credentials
            credential = await self._token.renewed(credential)
            answer = await self._send(method, path, json, query, credential)
        return _fields(answer)

    async def _send(
        self,
        method: Literal["GET", "POST"],
        path: str,
        json: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
        credential: str,
    ) -> Answer:
        headers: dict[str, str] = {}
        match self.settings.auth:
            case "body" if method == "POST":
                json = {"auth_token": credential, **(json or {})}
            case "body" | "bearer":
                headers[AUTHORIZATION] = f"Bearer {credential}"
            case "query":
                query = {**(query or {}), "token": credential}
            case "secret" | "intention":
                headers[AUTHORIZATION] = f"Token {credential}"
            case other:
                known = "body, bearer, query, secret, intention"
                raise GatewayRefused(f"auth = {other!r} in [paymob] is none of {known}")
        return await self._transport.send(method, path, json=json, query=query, headers=headers)


def _fields(answer: Answer) -> dict[str, Any]:
    if answer.status == 401:
        raise GatewayRefused("the gateway does not accept our credentials: correct [paymob] and `auth` in it")
    if answer.status == 404:
        raise NoSuchTransaction("the gateway knows of no such transaction")
    if answer.status != 200:
        raise GatewayUnreadable(f"the gateway answered {answer.status}", status=answer.status)
    return strict.parse(answer.body)
