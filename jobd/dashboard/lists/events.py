"""The columns of events, the words in them, and where a search hits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from jobd.dashboard.lists.columns import Column, bits
from jobd.dashboard.live.ring import Heard
from jobd.dashboard.looks import NODES, RUNS, UNKNOWN, Bit, Cell, Eye, Look, Tone, state
from jobd.model.told import length

Pattern = re.Pattern[str]

_LOOKS: Mapping[str, tuple[Look, str]] = {
    "run.added": (RUNS["queued"], "added"),
    "run.started": (RUNS["running"], "started"),
    "run.retrying": (RUNS["retrying"], "retrying"),
    "node.joined": (NODES["running"], "node joined"),
    "node.left": (NODES["left"], "node left"),
    "node.lost": (NODES["lost"], "node lost"),
    "change": (Look("±", "~", Tone.NAME), "change"),
    "overflow": (Look("!", "!", Tone.WARN), "overflow"),
    "snapshot": (Look("●", "*", Tone.DIM), "in touch"),
}
_SENTENCES = {
    "overflow": "more happened in a second than is told",
    "snapshot": "listening from here on: what was before is not told",
}


def kind(heard: Heard, eye: Eye) -> Cell:
    """Glyph and word; an ended run is told by the state in which it ended."""
    event = heard.event
    if event.kind == "run.ended":
        return state(RUNS, str(event.facts.get("state")), eye)
    look, word = _LOOKS.get(event.kind, (UNKNOWN, event.kind))
    return f"{eye.glyph(look)} {word}", look.tone


def subject(heard: Heard) -> str:
    """Whom it is about: a job, a node, or what was changed."""
    facts = heard.event.facts
    return _text(facts, "target" if heard.event.kind == "change" else "name" if _about_node(heard) else "job")


def note(heard: Heard) -> Cell:
    """What else there is to say."""
    facts, name = heard.event.facts, heard.event.kind
    if name in _SENTENCES:
        return _SENTENCES[name], Tone.DIM
    if name == "change":
        reason = _text(facts, "reason")
        return f"{_text(facts, 'action')} by {_text(facts, 'actor')}{f': {reason}' if reason else ''}", Tone.PLAIN
    if error := _text(facts, "error"):
        tone = Tone.BAD if facts.get("state") == "failed" else Tone.WARN
        return error.strip().split("\n", 1)[0], tone
    if name == "run.added":
        return _text(facts, "source"), Tone.DIM
    if name in _LOOKS or name == "run.ended":
        return ""
    return " ".join(f"{key}={_text(facts, key)}" for key in facts), Tone.DIM


def line(heard: Heard) -> str:
    """All of it as one text: what a search looks through."""
    facts = heard.event.facts
    words = (heard.event.kind, *(_text(facts, name) for name in ("id", "state", "queue", "source", "schedule")))
    return " ".join((*words, subject(heard), "".join(text for text, _ in bits(note(heard)))))


def columns(pattern: Pattern | None) -> tuple[Column[Heard], ...]:
    """With a pattern, what it hits stands out: a dot before the line, and the hit in a colour of its own."""
    if pattern is None:
        return _plain(lambda cell: cell)
    dot: Column[Heard] = Column(
        title="",
        width=1,
        cell=lambda heard, eye: (eye.pick("•", "*") if pattern.search(line(heard)) else "", Tone.WARN),
    )
    return (dot, *_plain(lambda cell: marked(cell, pattern)))


def marked(cell: Cell, pattern: Pattern) -> Cell:
    """A cell in which the hits have a tone of their own."""
    return tuple(part for text, tone in bits(cell) for part in _split(text, tone, pattern))


def _split(text: str, tone: Tone, pattern: Pattern) -> list[Bit]:
    out, behind = list[Bit](), 0
    for hit in pattern.finditer(text):
        if hit.end() > hit.start():
            out += [(text[behind : hit.start()], tone), (hit[0], Tone.WARN if tone is not Tone.WARN else Tone.BUSY)]
            behind = hit.end()
    return [*out, (text[behind:], tone)]


def _plain(drawn: Callable[[Cell], Cell]) -> tuple[Column[Heard], ...]:
    def fact(name: str, tone: Tone = Tone.DIM) -> Callable[[Heard, Eye], Cell]:
        return lambda heard, eye: drawn((_text(heard.event.facts, name), tone))

    return (
        Column(title="TIME", width=8, keep=8, cell=lambda heard, eye: (f"{heard.at:%H:%M:%S}", Tone.DIM)),
        Column(title="EVENT", width=13, cell=lambda heard, eye: drawn(kind(heard, eye))),
        Column(title="ID", width=7, right=True, keep=6, cell=fact("id")),
        Column(title="OF", width=12, grow=2, cell=lambda heard, eye: drawn((subject(heard), Tone.NAME))),
        Column(title="QUEUE", width=9, keep=3, cell=fact("queue")),
        Column(title="TRY", width=3, right=True, keep=2, cell=fact("attempt")),
        Column(title="TOOK", width=6, right=True, keep=5, cell=lambda heard, eye: _took(heard)),
        Column(title="NODE", width=5, right=True, keep=1, cell=fact("node")),
        Column(title="NOTE", width=16, grow=5, keep=7, cell=lambda heard, eye: drawn(note(heard))),
    )


def _took(heard: Heard) -> str:
    took = heard.event.facts.get("took")
    return length(took) if isinstance(took, int | float) else ""


def _about_node(heard: Heard) -> bool:
    return heard.event.kind.startswith("node.")


def _text(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    return "" if value is None else str(value)
