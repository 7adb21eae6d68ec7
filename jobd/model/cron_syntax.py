"""A cron expression → its fields as numbers; croniter reads values, ranges, steps and names.

Five fields are minute, hour, day of month, month, day of week; a sixth is the second and stands first; a
seventh is the year and stands last. `L`, `W`, `#`, `H`, equal ranges and the places of errors are ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from jobd.model.cron_days import MonthDays, WeekDays
from jobd.model.cron_items import (
    HOUR,
    MINUTE,
    MONTH,
    MONTH_DAY,
    ORDER,
    SECOND,
    WEEK_DAY,
    YEAR,
    Field,
    Piece,
    bounded,
    numbers,
)

LONGEST = 256
"""Characters: croniter needs 28 ms for a list of 5,000 ranges, and nobody can read one."""

MACROS = {
    "@YEARLY": "0 0 1 1 *",
    "@ANNUALLY": "0 0 1 1 *",
    "@MONTHLY": "0 0 1 * *",
    "@WEEKLY": "0 0 * * 0",
    "@DAILY": "0 0 * * *",
    "@MIDNIGHT": "0 0 * * *",
    "@HOURLY": "0 * * * *",
}


class CronSyntaxError(ValueError):
    """The expression is wrong; `column` (from 1, 0 for the whole of it) and `length` say where."""

    def __init__(self, expression: str, problem: str, *, field: str = "", column: int = 0, length: int = 0) -> None:
        self.expression, self.problem, self.field = expression, problem, field
        self.column, self.length = column, length
        place = f"{field} (column {column}): " if field else ""
        super().__init__(f"cron {expression[:80]!r}: {place}{problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CronFields:
    """What an expression says. Numbers are sorted and never empty."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    month_days: MonthDays
    months: tuple[int, ...]
    week_days: WeekDays
    years: tuple[int, ...] | None
    """None: every year."""
    moving: bool
    """Second, minute or hour begins with `*`: follows the clock through a change. Otherwise a fixed time."""
    warnings: tuple[str, ...]


def read(expression: str, name: str = "") -> CronFields:
    """The fields of `expression`; `name` is what `H` is hashed with.

    Raises:
        CronSyntaxError: with the place of the first thing that is wrong.
    """
    found = _split(expression)
    texts = {field: text for field, (text, _) in found.items()}
    pieces = {field: _pieces(expression, field, text, column) for field, (text, column) in found.items()}
    listed = partial(_listed, pieces, name)
    return CronFields(
        seconds=listed(SECOND),
        minutes=listed(MINUTE),
        hours=listed(HOUR),
        month_days=_month_days(pieces[MONTH_DAY], name),
        months=listed(MONTH),
        week_days=_week_days(pieces[WEEK_DAY], name),
        years=None if texts[YEAR] == "*" else listed(YEAR),
        moving=any(texts[field].startswith("*") for field in (SECOND, MINUTE, HOUR)),
        warnings=tuple(_warnings(pieces)),
    )


def _split(expression: str) -> dict[Field, tuple[str, int]]:
    """Each field's text and column."""
    if len(expression) > LONGEST:
        raise CronSyntaxError(expression, f"longer than {LONGEST} characters; make it several schedules")
    words = [(match[0].upper(), match.start() + 1) for match in re.finditer(r"\S+", expression)]
    if words and words[0][0].startswith("@"):
        words = _macro(expression, words)
    if not 5 <= len(words) <= 7:
        raise CronSyntaxError(
            expression,
            f"{len(words)} fields; 5 are minute, hour, day of month, month, day of week, "
            "a 6th is the second and stands first, a 7th is the year and stands last",
        )
    if len(words) == 5:
        words.insert(0, ("0", 0))
    if len(words) == 6:
        words.append(("*", 0))
    return dict(zip(ORDER, words, strict=True))


def _macro(expression: str, words: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """What an @word stands for."""
    word, column = words[0]
    if word in MACROS and len(words) == 1:
        return [(text, column) for text in MACROS[word].split()]
    advice = {
        "@REBOOT": 'has no instant; write at = "…" or trigger the job when the daemon starts',
        "@EVERY": 'is not cron; write every = "90s" instead of cron',
    }
    advice |= dict.fromkeys(MACROS, "stands alone, without fields")
    problem = advice.get(word, "is not one of " + ", ".join(macro.lower() for macro in MACROS))
    problem = f"{word.lower()!r} {problem}"
    raise CronSyntaxError(expression, problem, field="macro", column=column, length=len(word))


def _pieces(expression: str, field: Field, text: str, column: int) -> list[Piece]:
    """The items of a field's list, each knowing its place."""
    pieces = []
    for item in text.split(","):
        length = max(len(item), 1)
        pieces.append(Piece(item, partial(_fail, expression, field.name, column, length)))
        column += len(item) + 1
    return pieces


def _fail(expression: str, field: str, column: int, length: int, problem: str) -> NoReturn:
    raise CronSyntaxError(expression, problem, field=field, column=column, length=length)


def _listed(pieces: dict[Field, list[Piece]], name: str, field: Field) -> tuple[int, ...]:
    return tuple(sorted({number for piece in pieces[field] for number in numbers(field, piece, name)}))


def _month_days(pieces: list[Piece], name: str) -> MonthDays:
    """The day-of-month field, with `L`, `L-3`, `LW` and `15W`."""
    days: set[int] = set()
    from_end: set[int] = set()
    nearest: set[int] = set()
    last_workday = False
    for piece in pieces:
        if piece.text == "LW":
            last_workday = True
        elif match := re.fullmatch(r"L(?:-([0-9]{1,2}))?", piece.text):
            from_end.add(bounded(int(match[1] or 0), 0, 30, piece))
        elif match := re.fullmatch(r"([0-9]{1,2})W", piece.text):
            nearest.add(bounded(int(match[1]), 1, 31, piece))
        else:
            days.update(numbers(MONTH_DAY, piece, name))
    return MonthDays(
        starred=pieces[0].text[:1] in ("*", "?"),
        days=frozenset(days),
        from_end=frozenset(from_end),
        nearest=frozenset(nearest),
        last_workday=last_workday,
    )


def _week_days(pieces: list[Piece], name: str) -> WeekDays:
    """The day-of-week field, with `5L` and `5#3`."""
    days: set[int] = set()
    nth: set[tuple[int, int]] = set()
    last: set[int] = set()
    for piece in pieces:
        if piece.text == "L":
            piece.wrong("'L' needs a day here: write '5L' for the last Friday, or '6' for Saturday")
        if match := re.fullmatch(r"(.+)#([0-9]+)", piece.text):
            count = bounded(int(match[2]), 1, 5, piece)
            nth.update((day, count) for day in numbers(WEEK_DAY, Piece(match[1], piece.wrong), name))
        elif match := re.fullmatch(r"([A-Z]{3}|[0-9])L|L([0-9])", piece.text):
            last.update(numbers(WEEK_DAY, Piece(match[1] or match[2], piece.wrong), name))
        else:
            days.update(numbers(WEEK_DAY, piece, name))
    return WeekDays(
        starred=pieces[0].text[:1] in ("*", "?"),
        days=frozenset(days),
        nth=frozenset(nth),
        last=frozenset(last),
    )


def _warnings(pieces: dict[Field, list[Piece]]) -> list[str]:
    """What is allowed and yet seldom meant."""
    found = []
    for field, items in pieces.items():
        for item in items:
            step = item.text.partition("/")[2]
            if step and field is not YEAR and int(step) > field.last:
                found.append(f"{field.name}: the step of {item.text!r} is larger than the field")
    either = all(pieces[field][0].text[:1] not in ("*", "?") for field in (MONTH_DAY, WEEK_DAY))
    if either:
        found.append("day of month and day of week are both restricted: it fires when either of them matches")
    return found
