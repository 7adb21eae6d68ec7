"""Lengths of time as people write them: "1h30m" → timedelta, and back.

Days are 24 hours; nothing here knows calendars or zones.
"""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
LONGEST = timedelta(days=36_525)  # a century: far from the ends of datetime, so that now() ± it always exists

Length = timedelta | str | float
"""A length of time as programs give it: "5m" and 300 are one, too. `length_of` reads it."""

_PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|[wdhms])")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_CLOCK = re.compile(r"(?:([0-9]{1,5})\.)?([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2}(?:\.[0-9]{1,7})?)")
_EXAMPLES = 'write it like "30s", "5m", "1h30m", "2d" or "500ms", or as a number of seconds'


def parse_duration(value: str | int | float) -> timedelta:
    """The length that `value` says: units, plain seconds, or a clock (`hh:mm:ss`, `d.hh:mm:ss`).

    Never negative, at most a century; "0s" is a length like any other.

    Raises:
        ValueError: names the text and shows how to write a length.
    """
    if isinstance(value, str):
        return _of_text(value.strip())
    if isinstance(value, bool):
        raise ValueError(f"true and false are no lengths of time; {_EXAMPLES}")
    if not isinstance(value, (int, float)):
        raise ValueError(f"this is no length of time; {_EXAMPLES}")
    return _of_seconds(value, str(value))


def length_of(value: Length) -> timedelta:
    """The length that `value` is or says, never negative and at most a century.

    Raises:
        ValueError: as `parse_duration`.
    """
    return _of_seconds(value.total_seconds(), str(value)) if isinstance(value, timedelta) else parse_duration(value)


def format_duration(length: timedelta) -> str:
    """`length` in units, such that `parse_duration` gives it back to the millisecond: "1h30m", "0s"."""
    milliseconds = round(abs(length) / UNITS["ms"])
    if not milliseconds:
        return "0s"
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        count, milliseconds = divmod(milliseconds, UNITS[unit] // UNITS["ms"])
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if length < timedelta(0) else "") + "".join(parts)


def spoken(length: timedelta) -> str:
    """`length` for people, its two largest units: "14m", "3h2m", "2d4h"; below a second "a moment"."""
    seconds = round(abs(length.total_seconds()))
    if seconds < 1:
        return "a moment"
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(seconds, round(UNITS[unit].total_seconds()))
        if parts or count:
            parts.append(f"{count}{unit}" if count else "")
        if len(parts) == 2:
            break
    return "".join(parts)


def _of_text(text: str) -> timedelta:
    if _NUMBER.fullmatch(text):
        return _of_seconds(float(text), text)
    if clock := _CLOCK.fullmatch(text):
        return _of_clock(clock, text)
    if text.startswith("-"):
        raise ValueError(f"{text[:40]!r} is negative: a length of time cannot be")
    return _of_parts(text)


def _of_parts(text: str) -> timedelta:
    total, at, allowed = timedelta(0), 0, list(UNITS)
    while part := _PART.match(text, at):
        number, unit = part.groups()
        if unit not in allowed:
            raise ValueError(f'{text[:40]!r} is out of order; write each unit once, the largest first, as in "1h30m"')
        allowed = allowed[allowed.index(unit) + 1 :]
        total += _bounded(float(number) * UNITS[unit].total_seconds(), text)
        at = part.end()
    if not text or text[at:].strip():
        raise ValueError(f"{text[:40]!r} is not a length of time; {_EXAMPLES}")
    return _bounded(total.total_seconds(), text)


def _of_clock(clock: re.Match[str], text: str) -> timedelta:
    days, hours, minutes, seconds = clock.groups()
    if int(hours) > 23 or int(minutes) > 59 or float(seconds) >= 60:
        raise ValueError(f'{text!r} is not a clock time up to 23:59:59; days stand before it, as in "1.00:00:00"')
    return timedelta(days=int(days or 0), hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def _of_seconds(seconds: float, text: str) -> timedelta:
    if seconds < 0:
        raise ValueError(f"{text[:40]} is negative: a length of time cannot be")
    return _bounded(seconds, text)


def _bounded(seconds: float, text: str) -> timedelta:
    if not seconds <= LONGEST.total_seconds():  # nan neither
        raise ValueError(f"{text[:40]} is longer than a century")
    return timedelta(seconds=seconds)
