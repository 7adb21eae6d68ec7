"""The outbox: messages, and what a person decides about them."""

from __future__ import annotations

from collections.abc import Sequence

from jobd.client.asks import ask
from jobd.client.asks.ask import Ask, numbered, query, told
from jobd.model.mailbox import MessagePage, MessageReport


def page(state: str | None = None, limit: int = 100, after: str | None = None) -> Ask[MessagePage]:
    """Messages without bodies, newest first, of these states (`held,dead`) or of all, and how many are in each."""
    return ask.shown(MessagePage, query("/v1/outbox", state=state, limit=limit, after=after))


def one(message: int) -> Ask[MessageReport]:
    """The message with its bodies."""
    return ask.shown(MessageReport, numbered("outbox", message))


def resend(ids: Sequence[int], reason: str | None = None) -> Ask[list[int]]:
    """The ids of those that are sent again."""
    return _decided("resend", ids, reason)


def hold(ids: Sequence[int], reason: str | None = None) -> Ask[list[int]]:
    """The ids of those that are held now."""
    return _decided("hold", ids, reason)


def release(ids: Sequence[int], reason: str | None = None) -> Ask[list[int]]:
    """The ids of those that go on."""
    return _decided("release", ids, reason)


def _decided(verb: str, ids: Sequence[int], reason: str | None) -> Ask[list[int]]:
    body = {"ids": list(ids), "reason": reason}
    return told(f"/v1/outbox/{verb}", body, lambda answer: [int(one) for one in answer["ids"]])
