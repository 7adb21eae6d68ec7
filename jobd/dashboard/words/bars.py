"""Numbers as characters: columns of a graph that grow upwards, and the bar of a share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from math import floor, log10

from jobd.dashboard.looks import Bit, Eye, Tone

EIGHTHS = " ▁▂▃▄▅▆▇█"
PLAIN = " .:#"
"""The same with ASCII: three levels a line."""
ROUND = (1, 1.5, 2, 3, 5, 7, 10)


def columns(values: Sequence[float], rows: int, top: float, *, ascii: bool) -> list[str]:
    """Lines of text, the upper one first, in which each value is as high as it is beside `top`.

    What is more than nothing is seen, however small it is.
    """
    levels = PLAIN if ascii else EIGHTHS
    steps = len(levels) - 1
    heights = [_height(value, rows * steps, top) for value in values]
    return [
        "".join(levels[max(0, min(steps, height - row * steps))] for height in heights)
        for row in range(rows - 1, -1, -1)
    ]


def _height(value: float, most: int, top: float) -> int:
    return 0 if value <= 0 or top <= 0 else max(1, min(most, round(value / top * most)))


def folded(values: Sequence[float], room: int) -> list[float]:
    """As many values as fit, each the mean of as many neighbours; or each of them as often as there is room for."""
    if not values or room < 1:
        return []
    if len(values) <= room:
        return list(chain.from_iterable([value] * (room // len(values)) for value in values))
    size = -(-len(values) // room)
    first = len(values) % size
    cuts = [*([0] if first else []), *range(first, len(values), size), len(values)]
    return [sum(values[a:b]) / (b - a) for a, b in pairwise(cuts)]


def round_top(value: float, least: float) -> float:
    """The end of a scale: the next round number that is not below `value` and `least`; it moves seldom."""
    size = 10.0 ** floor(log10(max(value, least)))
    return next(size * step for step in ROUND if size * step >= max(value, least) * (1 - 1e-9))


def short(value: float) -> str:
    """A number in four characters: 0.25, 12, 3.4k, 20k, 1.5M; what is less than they can say is <0.01, never 0."""
    if 0 < value < 0.005:
        return "<0.01"
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.1f}".removesuffix(".0")[:4].rstrip(".") + unit
    if value >= 10 or value == round(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}".rstrip("0").rstrip(".")


def share_bar(part: float | None, eye: Eye, *, width: int = 10, mark: float | None = None) -> tuple[Bit, ...]:
    """How much of the whole `part` is, from 0 to 1; `mark` stands where it should end."""
    full = round(min(1.0, part or 0.0) * width)
    full = max(full, 1) if part is not None and part >= 0.005 else full
    text = eye.pick("█", "#") * full + eye.pick("░", ".") * (width - full)
    if mark is None:
        return ((text, Tone.BUSY),)
    at = min(width - 1, round(min(1.0, mark) * width))
    return (text[:at], Tone.BUSY), (eye.pick("│", "|"), Tone.NAME), (text[at + 1 :], Tone.BUSY)
