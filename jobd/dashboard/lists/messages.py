"""The columns of messages and the words about one: what became of it, and what can be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jobd.dashboard.lists.columns import Column
from jobd.dashboard.looks import MESSAGES, Cell, Eye, Tone, state
from jobd.dashboard.words.moments import far
from jobd.model.mailbox import MessageReport
from jobd.model.message import FINAL, MessageState

FIT: Mapping[str, frozenset[MessageState]] = {
    "resend": FINAL | {MessageState.HELD, MessageState.IN_DOUBT, MessageState.DEFERRED},
    "hold": frozenset({MessageState.PENDING, MessageState.DEFERRED, MessageState.IN_DOUBT}),
    "release": frozenset({MessageState.HELD}),
}
"""What can be done → to messages in which states."""


def fits(wish: str, message: MessageReport) -> bool:
    return message.state in FIT[wish]


def waits(message: MessageReport) -> bool:
    """It goes out by itself when it is due."""
    return message.state in FIT["hold"]


def _when(message: MessageReport, eye: Eye) -> Cell:
    """The instant that matters: its end, when it is due, or when it was added."""
    if message.finished_at is not None:
        return far(message.finished_at, eye.now), Tone.DIM
    if waits(message):
        return "due now" if message.due_at <= eye.now else f"due {far(message.due_at, eye.now)}", Tone.DIM
    return far(message.created_at, eye.now), Tone.DIM


def _reply(message: MessageReport, eye: Eye) -> Cell:
    look = MESSAGES[message.state]
    return message.reply or "", look.tone if look.tone in (Tone.BAD, Tone.WARN) else Tone.DIM


COLUMNS: tuple[Column[MessageReport], ...] = (
    Column(title="ID", cell=lambda message, eye: (str(message.id), Tone.DIM), width=7, right=True, keep=6),
    Column(title="STATE", cell=lambda message, eye: state(MESSAGES, message.state, eye), width=10),
    Column(title="TO", cell=lambda message, eye: (message.recipient, Tone.NAME), width=18, grow=3),
    Column(title="SUBJECT", cell=lambda message, eye: message.subject, width=16, grow=4, keep=8),
    Column(title="KIND", cell=lambda message, eye: (message.kind, Tone.DIM), width=12, keep=2),
    Column(title="JOB", cell=lambda message, eye: (message.job, Tone.DIM), width=12, keep=1),
    Column(title="TRIES", cell=lambda message, eye: str(message.tries or "-"), width=5, right=True, keep=4),
    Column(title="WHEN", cell=_when, width=12, keep=7),
    Column(title="REPLY", cell=_reply, width=18, grow=5, keep=5),
)


def story(message: MessageReport, eye: Eye) -> Cell:
    """What has become of it and what comes next, in a sentence."""
    ended, due = far(message.finished_at, eye.now), far(message.due_at, eye.now)
    again = "now" if message.due_at <= eye.now else due
    match message.state:
        case MessageState.PENDING:
            text = f"waits to be sent, {again}; h holds it back"
        case MessageState.SENDING:
            text = f"node {message.node} has it in hand"
        case MessageState.SENT:
            text = f"the server took it {ended}; what became of it after that, its log knows"
        case MessageState.DEFERRED:
            text = f"not taken for now, tried again {again}; R tries now, h holds it back"
        case MessageState.BOUNCED:
            text = f"refused for good {ended}: the address or the message is at fault; R sends it again once mended"
        case MessageState.IN_DOUBT:
            text = f"the answer was lost after the last dot: it may have arrived; sent again {again}, h holds it back"
        case MessageState.HELD:
            text = "waits for a person: l lets it go out"
        case MessageState.DEAD:
            text = f"given up {ended} after {message.tries:,} tries; R sends it again"
    return (*_mark(message, eye), (f"  {text}", Tone.PLAIN))


def _mark(message: MessageReport, eye: Eye) -> tuple[tuple[str, Tone]]:
    look = MESSAGES[message.state]
    return ((f"{eye.glyph(look)} {message.state.replace('_', ' ')}", look.tone),)


def told(message: MessageReport, eye: Eye) -> Iterator[tuple[str, Cell | None]]:
    """Every fact of it."""
    yield "from", message.sender
    yield "to", (message.recipient, Tone.NAME)
    yield "subject", (message.subject, Tone.NAME)
    yield from message.headers.items() if isinstance(message.headers, dict) else [("headers", message.headers)]
    yield "Message-ID", (message.message_id, Tone.DIM)
    key = f", key {message.key}: once for ever" if message.key else ""
    yield "kind", f"{message.kind}{key}"
    run = f", run {message.run_id} (o opens it)" if message.run_id is not None else ""
    yield "made by", f"{message.job}{run}, {far(message.created_at, eye.now)}"
    twice = f", {message.doubts:,} answers lost: it may have arrived more than once" if message.doubts else ""
    yield "tries", (f"{message.tries:,}{twice}", Tone.WARN if message.doubts else Tone.PLAIN)
    yield "reply", _reply(message, eye) if message.reply else None
