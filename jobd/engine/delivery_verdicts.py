"""What one try means for its message: the next state, and when to try again."""

from __future__ import annotations

import random
from datetime import timedelta

from jobd.clients.smtp import Bounced, Deferred, InDoubt, Sent
from jobd.model.message import Message, MessageState
from jobd.model.settings import MailSettings
from jobd.store.outbox import MAX_DOUBTS, Verdict

LONGEST_DELAY = timedelta(hours=1)
_STATES = {
    Sent: MessageState.SENT,
    Deferred: MessageState.DEFERRED,
    Bounced: MessageState.BOUNCED,
    InDoubt: MessageState.IN_DOUBT,
}


def held_kinds(settings: MailSettings) -> list[str]:
    """Kinds of message that a person decides on when they are in doubt."""
    return [kind for kind, policy in settings.in_doubt.items() if policy == "hold"]


def verdict_on(message: Message, result: Sent | Deferred | Bounced | InDoubt, settings: MailSettings) -> Verdict:
    """The verdict to record for `message`.

    In doubt it is sent again, unless its kind is held or it was in doubt `MAX_DOUBTS` times.
    """
    state, wait = _STATES[type(result)], timedelta(0)
    doubt = isinstance(result, InDoubt)
    if doubt and (message.kind in held_kinds(settings) or message.doubts + 1 >= MAX_DOUBTS):
        state = MessageState.HELD
    if state in (MessageState.DEFERRED, MessageState.IN_DOUBT):
        wait = delay(settings.retry_delay, message.tries)
    return Verdict(id=message.id, tries=message.tries, state=state, reply=result.reply, wait=wait, doubt=doubt)


def delay(first: timedelta, tries: int) -> timedelta:
    """Until the next try after the `tries`-th: `first`, doubling up to an hour, a quarter of it at random."""
    doublings = min(tries - 1, 16)  # bounded, so that the product stays a timedelta
    longest: timedelta = min(first * (1 << doublings), LONGEST_DELAY)
    return longest * random.uniform(0.75, 1)
