"""What the daemon wants people to know, as lines for a screen."""

from __future__ import annotations

from collections.abc import Sequence

from jobd.dashboard.looks import Cell, Eye, Look, Tone
from jobd.model.health import Level, Notice

LOOKS = {
    Level.ERROR: Look("✗", "x", Tone.BAD),
    Level.WARNING: Look("▲", "!", Tone.WARN),
    Level.INFO: Look("·", "i", Tone.DIM),
}
"""The worst first."""


def lines(notices: Sequence[Notice], most: int, eye: Eye) -> list[Cell]:
    """The worst ones first; those for which there is no room are counted."""
    order = list(LOOKS)
    ordered = sorted(notices, key=lambda notice: order.index(notice.level))
    out = [_line(notice, eye) for notice in ordered[:most]]
    if len(ordered) > most:
        out.append((f"and {len(ordered) - most} more: jobctl status", Tone.DIM))
    return out


def _line(notice: Notice, eye: Eye) -> Cell:
    look = LOOKS[notice.level]
    return (f"{eye.glyph(look)} {notice.level.value}  ", look.tone), (notice.message, look.tone)
