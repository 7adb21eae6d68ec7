"""How a state looks: glyph, word and tone together, so that none of them has to be understood alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Tone(StrEnum):
    """What a colour means; the theme says which one it is."""

    PLAIN = "plain"
    DIM = "dim"
    NAME = "name"
    HEAD = "head"
    BUSY = "busy"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Look:
    """One state."""

    glyph: str
    ascii: str
    """The glyph where the terminal has ASCII alone."""
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Eye:
    """How is looked: at which instant, and with which characters."""

    now: datetime
    ascii: bool = False

    @classmethod
    def open(cls, *, ascii: bool) -> Eye:
        return cls(now=datetime.now(UTC), ascii=ascii)

    def glyph(self, look: Look) -> str:
        return look.ascii if self.ascii else look.glyph

    def pick(self, glyph: str, plain: str) -> str:
        """A character, or its stand-in of ASCII."""
        return plain if self.ascii else glyph


Bit = tuple[str, Tone]
Cell = str | Bit | tuple[Bit, ...]
"""Text for one line: plain, in one tone, or bits of several."""

UNKNOWN = Look("?", "?", Tone.DIM)
RUNS: Mapping[str, Look] = {
    "waiting": Look("·", ".", Tone.DIM),
    "scheduled": Look("◌", "~", Tone.PLAIN),
    "retrying": Look("↻", "r", Tone.WARN),
    "queued": Look("○", "o", Tone.PLAIN),
    "running": Look("▸", ">", Tone.BUSY),
    "succeeded": Look("✓", "+", Tone.GOOD),
    "failed": Look("✗", "x", Tone.BAD),
    "cancelled": Look("⊘", "/", Tone.WARN),
    "skipped": Look("»", "-", Tone.DIM),
    "timed_out": Look("✗", "x", Tone.BAD),
    "interrupted": Look("⊘", "/", Tone.WARN),
    "lost": Look("✗", "x", Tone.BAD),
}
"""By state of a run and by outcome of an attempt."""
NODES: Mapping[str, Look] = {
    "running": Look("●", "*", Tone.GOOD),
    "quiet": Look("◐", "q", Tone.WARN),
    "draining": Look("◐", "d", Tone.WARN),
    "drained": Look("○", "o", Tone.WARN),
    "stopping": Look("◐", "s", Tone.WARN),
    "silent": Look("✗", "x", Tone.BAD),
    "left": Look("○", "o", Tone.DIM),
    "lost": Look("✗", "x", Tone.BAD),
}
MESSAGES: Mapping[str, Look] = {
    "pending": Look("○", "o", Tone.PLAIN),
    "sending": Look("▸", ">", Tone.BUSY),
    "deferred": Look("↻", "r", Tone.WARN),
    "in_doubt": Look("?", "?", Tone.WARN),
    "held": Look("⊘", "/", Tone.WARN),
    "sent": Look("✓", "+", Tone.GOOD),
    "bounced": Look("✗", "x", Tone.BAD),
    "dead": Look("✗", "x", Tone.BAD),
}
TOKENS: Mapping[str, Look] = {
    "valid": Look("●", "*", Tone.GOOD),
    "expired": Look("○", "o", Tone.DIM),
    "revoked": Look("⊘", "/", Tone.DIM),
}


def state(looks: Mapping[str, Look], name: str, eye: Eye) -> Cell:
    """Glyph and word of a state."""
    look = looks.get(name, UNKNOWN)
    return f"{eye.glyph(look)} {name.replace('_', ' ')}", look.tone
