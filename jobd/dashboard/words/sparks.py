"""A stretch of minutes in one line: how much ended, the higher the more, in the colour of how it went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from jobd.dashboard.looks import Bit, Eye, Tone
from jobd.model.stats import Minute

MINUTES = 60
LEVELS, PLAIN = "▁▂▃▄▅▆▇█", ".:-=+*%#"


def sparkline(minutes: Sequence[Minute], width: int, eye: Eye) -> tuple[Bit, ...]:
    """The last hour in `width` cells, now on the right; a dot where nothing ended."""
    sums = [_sum(part) for part in _parts(minutes, width, eye)]
    top = max((good + bad for good, bad in sums), default=0)
    cells = [(_level(good + bad, top, eye), _tone(good, bad)) for good, bad in sums]
    return tuple(("".join(text for text, _ in same), tone) for tone, same in groupby(cells, key=lambda cell: cell[1]))


def _parts(minutes: Sequence[Minute], width: int, eye: Eye) -> list[list[Minute]]:
    parts: list[list[Minute]] = [[] for _ in range(width)]
    first = eye.now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)
    for minute in minutes:
        at = round((minute.minute - first) / timedelta(minutes=1))
        if 0 <= at < MINUTES:
            parts[at * width // MINUTES].append(minute)
    return parts


def _sum(minutes: Sequence[Minute]) -> tuple[int, int]:
    good = sum(minute.succeeded + minute.cancelled + minute.skipped for minute in minutes)
    return good, sum(minute.failed for minute in minutes)


def _level(ended: int, top: int, eye: Eye) -> str:
    if not ended:
        return eye.pick("·", "_")
    levels = eye.pick(LEVELS, PLAIN)
    return levels[min(len(levels) - 1, (ended * len(levels) - 1) // top)]


def _tone(good: int, bad: int) -> Tone:
    if not good and not bad:
        return Tone.DIM
    return Tone.GOOD if not bad else Tone.BAD if bad * 2 >= good + bad else Tone.WARN
