"""The emulated gateway's endpoints: who may ask, what is answered, and where a fault comes in between."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from jobd.testing.paymob.emulator import PaymobEmulator, Seen
from jobd.testing.paymob.faults import failing
from jobd.testing.paymob.ledger import MOST_TRANSACTIONS, Ledger
from jobd.testing.paymob.scenario import Fault, Scenario, Story

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_facts: ContextVar[dict[str, str | None]] = ContextVar("facts")
"""What the log will say about the request under way."""
OPEN = frozenset({"/api/auth/tokens", "/stolen"})


def application(gateway: PaymobEmulator) -> web.Application:
    """The gateway as an aiohttp application."""
    routes = Routes(gateway)
    app = web.Application(middlewares=[routes.watched, routes.guarded])
    app.add_routes(
        [
            web.post("/api/auth/tokens", routes.login),
            web.post("/api/ecommerce/orders/transaction_inquiry", routes.inquiry),
            web.post("/api/ecommerce/orders", routes.create_order),
            web.get("/api/ecommerce/orders/{order:[0-9]+}", routes.order),
            web.get("/api/acceptance/transactions", routes.list),
            web.get("/api/acceptance/transactions/{id:[0-9]+}", routes.by_id),
            web.post("/api/acceptance/void_refund/refund", routes.refund),
            web.post("/api/acceptance/void_refund/void", routes.void),
            web.post("/api/acceptance/capture", routes.capture),
            web.route("*", "/stolen", routes.stolen),
        ]
    )
    return app


class Routes:
    """One handler for each endpoint; all of them read the gateway's ledgers."""

    def __init__(self, gateway: PaymobEmulator) -> None:
        self.gateway = gateway

    @web.middleware
    async def watched(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Log every request, also one that is never answered (status 0)."""
        status, facts = 0, dict[str, str | None]()
        _facts.set(facts)
        self.gateway.begun()
        try:
            response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as answer:
            status = answer.status
            return web.json_response({"detail": "Not found."}, status=status)
        finally:
            self.gateway.ended(Seen(method=request.method, path=request.path, status=status, **facts))

    @web.middleware
    async def guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let through what carries a credential that this account takes, in a place that it takes it."""
        if request.path not in OPEN:
            place, credential = await _credential(request)
            _facts.get()["credential"] = place
            right = (
                credential == self.gateway.secret_key if place == "secret" else self.gateway.accepts_token(credential)
            )
            if place not in self.gateway.accepts or not right:
                return web.json_response({"detail": "Authentication credentials were missing."}, status=401)
        return await handler(request)

    async def login(self, request: web.Request) -> web.StreamResponse:
        if (fault := self.gateway.login_fault) is not None:
            return await failing(fault, request, b'{"token": "half"}', None, self.gateway.released)
        if (await _fields(request)).get("api_key") != self.gateway.api_key:
            return web.json_response({"detail": "incorrect credentials"}, status=401)
        answer = {"token": self.gateway.issue_token(), "profile": {"id": 164295}}
        return web.json_response(answer, status=201)

    async def inquiry(self, request: web.Request) -> web.StreamResponse:
        kept = self._asked_for(await _fields(request))
        if kept is None or not kept.transactions:
            return await self._answer(request, kept, None)
        return await self._answer(request, kept, kept.show(kept.transactions[-1]))

    async def by_id(self, request: web.Request) -> web.StreamResponse:
        number = int(request.match_info["id"])
        kept = self.gateway.ledger_of(number)
        found = _transaction(kept, number)
        return await self._answer(request, kept, kept.show(found) if kept and found else None)

    async def list(self, request: web.Request) -> web.StreamResponse:
        kept = self._asked_for(request.query)
        if "order_id" in request.query and (kept is None or not kept.told.listed):
            return await self._answer(request, kept, None)
        return await self._answer(request, kept, _page(kept, request.query))

    async def order(self, request: web.Request) -> web.StreamResponse:
        kept = self.gateway.ledger(request.match_info["order"])
        return await self._answer(request, kept, kept.order() if kept else None)

    async def create_order(self, request: web.Request) -> web.StreamResponse:
        """A new order that nobody has tried to pay."""
        fields = await _fields(request)
        number = str(max((int(n) for n in self.gateway.orders), default=1000) + 1)
        told = Scenario(
            story=Story.NO_ATTEMPT,
            merchant_order_id=fields.get("merchant_order_id"),
            currency=fields.get("currency", "EGP"),
            at=datetime.now(UTC),
        )
        self.gateway.orders[number] = told
        kept = self.gateway.ledger(number)
        if kept is None:
            raise web.HTTPNotFound
        kept.minor = int(fields.get("amount_cents", kept.minor))
        return web.json_response(kept.order(), status=201)

    async def refund(self, request: web.Request) -> web.StreamResponse:
        return await self._change(request, lambda kept, parent, minor: kept.refund(parent, minor))

    async def void(self, request: web.Request) -> web.StreamResponse:
        return await self._change(request, lambda kept, parent, minor: kept.void(parent))

    async def capture(self, request: web.Request) -> web.StreamResponse:
        return await self._change(request, lambda kept, parent, minor: kept.capture(parent, minor))

    async def stolen(self, request: web.Request) -> web.StreamResponse:
        """Where a redirect leads; a careful client never comes here."""
        return web.json_response({"stolen": True})

    async def _change(
        self, request: web.Request, change: Callable[[Ledger, dict[str, Any], int], dict[str, Any]]
    ) -> web.StreamResponse:
        fields = await _fields(request)
        number = int(fields.get("transaction_id", 0))
        kept = self.gateway.ledger_of(number)
        parent = _transaction(kept, number)
        if kept is None or parent is None:
            raise web.HTTPNotFound
        child = change(kept, parent, int(fields.get("amount_cents", parent["amount_cents"])))
        return web.json_response(kept.show(child), status=201)

    def _asked_for(self, fields: Mapping[str, Any]) -> Ledger | None:
        number, reference = fields.get("order_id"), fields.get("merchant_order_id")
        if number is not None:
            return self.gateway.ledger(str(number))
        matching = [n for n, told in self.gateway.orders.items() if told.merchant_order_id == reference]
        return self.gateway.ledger(matching[-1]) if reference and matching else None

    async def _answer(
        self, request: web.Request, kept: Ledger | None, fields: Mapping[str, Any] | None
    ) -> web.StreamResponse:
        """The sound answer, unless this order's scenario has a fault left; None is the 404."""
        if kept is not None:
            _facts.get()["order"] = kept.number
            await self.gateway.note(kept.number)
            if kept.told.fault is not None and kept.faults_left != 0:
                return await self._fail(request, kept, kept.told.fault, fields)
        if fields is None:
            return web.json_response({"detail": "Not found."}, status=404)
        return web.json_response(fields)

    async def _fail(
        self, request: web.Request, kept: Ledger, fault: Fault, fields: Mapping[str, Any] | None
    ) -> web.StreamResponse:
        if kept.faults_left is not None:
            kept.faults_left -= 1
        if fault is Fault.REVOKED:
            self.gateway.revoke_tokens()
        sound = json.dumps(fields or {"detail": "Not found."}).encode()
        return await failing(fault, request, sound, kept.told.retry_after, self.gateway.released)


async def _credential(request: web.Request) -> tuple[str | None, str]:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if value:
        return {"Bearer": "bearer", "Token": "secret"}.get(scheme), value
    if "token" in request.query:
        return "query", request.query["token"]
    token = (await _fields(request)).get("auth_token")
    return ("body", str(token)) if token is not None else (None, "")


async def _fields(request: web.Request) -> dict[str, Any]:
    try:
        fields = json.loads(await request.read() or b"{}")
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _transaction(kept: Ledger | None, number: int) -> dict[str, Any] | None:
    place = number % MOST_TRANSACTIONS - 1
    if kept is None or not 0 <= place < len(kept.transactions):
        return None
    return kept.transactions[place]


def _page(kept: Ledger | None, query: Mapping[str, str]) -> dict[str, Any]:
    page, size = int(query.get("page", 1)), int(query.get("page_size", 10))
    newest_first = [kept.show(one) for one in reversed(kept.transactions)] if kept else []
    more = len(newest_first) > page * size
    return {
        "count": len(newest_first),
        "next": f"?page={page + 1}" if more else None,
        "previous": f"?page={page - 1}" if page > 1 else None,
        "results": newest_first[(page - 1) * size : page * size],
    }
