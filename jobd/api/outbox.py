"""/v1/outbox: what waits to be mailed, what became of it, and what a person decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from jobd.api.app import answer, caller, control
from jobd.api.bodies import Nothing, body, query, run_id
from jobd.api.wishes import Messages, OutboxQuery
from jobd.model.change import Action
from jobd.model.storable import storable_text


async def listed(request: web.Request) -> web.Response:
    """A page of messages, newest first, without bodies; and how many there are in each state."""
    wanted = query(request, OutboxQuery)
    page = await control(request).views.mailbox.page(
        wanted.state, kind=wanted.kind, before=wanted.after, limit=wanted.limit
    )
    return answer(page)


async def shown(request: web.Request) -> web.Response:
    """One message with its bodies."""
    query(request, Nothing)
    return answer(await control(request).views.mailbox.one(run_id(request)))


def _decided(action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def decided(request: web.Request) -> web.Response:
        """The ids of those messages that were in a state for it."""
        wanted = await body(request, Messages)
        reason = None if wanted.reason is None else storable_text(wanted.reason)
        ids = await control(request).operations.messages(action, wanted.ids, caller(request).actor, reason)
        return answer({"ids": ids})

    return decided


resent = _decided(Action.MESSAGE_RESEND)
held = _decided(Action.MESSAGE_HOLD)
released = _decided(Action.MESSAGE_RELEASE)
