"""One item of a cron field → its numbers: `*`, `7`, `1-5`, `fri-mon`, `*/15`, `10/15`, `H(1-5)/2`.

croniter reads values, names, ranges and steps, one item at a time, so that an error knows its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from jobd.model.cron_hash import HASH, hashed


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an expression and what it may hold."""

    name: str
    first: int
    last: int
    position: int
    """Where croniter has it."""


SECOND = Field("second", 0, 59, 5)
MINUTE = Field("minute", 0, 59, 0)
HOUR = Field("hour", 0, 23, 1)
MONTH_DAY = Field("day of month", 1, 31, 2)
MONTH = Field("month", 1, 12, 3)
WEEK_DAY = Field("day of week", 0, 6, 4)
YEAR = Field("year", 1970, 2099, 6)
ORDER = (SECOND, MINUTE, HOUR, MONTH_DAY, MONTH, WEEK_DAY, YEAR)


Problem = Callable[[str], NoReturn]
"""Raises a CronSyntaxError for the piece that is being read."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One item of a field's list, upper case, with the way to complain about it."""

    text: str
    wrong: Problem


def bounded(number: int, first: int, last: int, piece: Piece) -> int:
    if not first <= number <= last:
        piece.wrong(f"{number} in {piece.text!r} is not within {first}-{last}")
    return number


def numbers(field: Field, piece: Piece, name: str) -> tuple[int, ...]:
    """The numbers of one item: `*`, `7`, `1-5`, `fri-mon`, `*/15`, `10/15`, `H`, `H(1-5)/2`."""
    text, wrong = piece.text, piece.wrong
    if text == "?" and field in (MONTH_DAY, WEEK_DAY):
        text = "*"
    if match := re.fullmatch(HASH, text):
        return hashed(field.name, field.first, field.last, match, name, wrong)
    if re.fullmatch(r"R(\(.*\))?(/.*)?", text):
        wrong("'R' would choose another time at each load; 'H' chooses one that stays")
    body, slash, step = text.partition("/")
    if slash and not (step.isascii() and step.isdecimal() and int(step)):
        wrong(f"the step {step!r} in {text!r} is not a number from 1")
    if body == "*":
        return _croniter(field, text, wrong)
    low, dash, high = body.partition("-")
    return _range(field, low, high if dash else None, step, wrong)


def _range(field: Field, low: str, high: str | None, step: str, wrong: Problem) -> tuple[int, ...]:
    """`low`, `low/step`, `low-high` or `low-high/step`; from high to low it goes round the end."""
    first = _one(field, low, wrong)
    if high is None and not step:
        return (first,)
    to_the_end = high is None or (field is MONTH_DAY and high == "L")
    last = field.last if to_the_end else _one(field, high or "", wrong)
    if field is WEEK_DAY and (first, high) == (0, "7") and low != "7":
        last = 6  # Sunday to Sunday: the whole week, as cron(8) reads 0-7
    if first == last:  # to croniter an equal range is the whole field; to everybody else it is one value
        return (first,)
    values = _croniter(field, f"{first}-{last}", wrong)
    # the step is ours: round the end, croniter 7.0 reads 23-17/3 as 23, 3, 6 … instead of 23, 2, 5 …
    in_order = [value for value in values if value >= first] + [value for value in values if value < first]
    return tuple(in_order[:: int(step or 1)])


def _one(field: Field, text: str, wrong: Problem) -> int:
    """The number that a value or a name stands for."""
    if not text:
        wrong("a value is missing")
    if text.isascii() and text.isdecimal():
        number = int(text)
        if field is WEEK_DAY and number == 7:
            return 0
        if not field.first <= number <= field.last:
            wrong(f"{number} is not within {field.first}-{7 if field is WEEK_DAY else field.last}")
        return number
    if not (text.isascii() and text.isalpha()):
        wrong(f"{text!r} is not a value")
    return _croniter(field, text, wrong)[0]


def _croniter(field: Field, text: str, wrong: Problem) -> tuple[int, ...]:
    try:
        return _expanded(field, text)
    except ValueError:
        names = {MONTH: " or a name like 'JAN'", WEEK_DAY: " or a name like 'MON'"}.get(field, "")
        wrong(f"{text!r} is not a number{names}")


@lru_cache(maxsize=4096)
def _expanded(field: Field, text: str) -> tuple[int, ...]:
    """What croniter makes of one item, read on its own: its list and day rules play no part."""
    from croniter import croniter  # 60 ms with dateutil: jobctl must not pay for it

    words = ["*"] * (field.position + 1 if field.position > 4 else 5)
    words[field.position] = text.lower()
    values = croniter.expand(" ".join(words))[0][field.position]
    if values == ["*"]:
        return tuple(range(field.first, field.last + 1))
    return tuple(int(value) for value in values)
