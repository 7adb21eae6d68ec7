"""A filter's text → its terms and their values, each knowing where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import TypeVar

from jobd.model.duration import parse_duration

_NOT = re.compile(r"[-!][A-Za-z_.]+:")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*(?=:)")
_SIGN = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
LARGEST = 2**63 - 1
N = TypeVar("N", int, float)


class FilterError(ValueError):
    """What is wrong with a filter; `start` and `end` count its characters from 0."""

    def __init__(self, text: str, start: int, end: int, problem: str, hint: str | None = None) -> None:
        self.text, self.start, self.end, self.problem, self.hint = text, start, end, problem, hint
        super().__init__(f"filter, character {start + 1}: {problem}" + (f"; {hint}" if hint else ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition: `key:value`, or a word without a key."""

    text: str
    """The whole filter."""
    start: int
    end: int
    key: str | None
    value: str
    cuts: tuple[int, ...] = ()
    """Where commas outside of quotes stand in `value`."""

    def wrong(self, problem: str, hint: str | None = None) -> FilterError:
        """An error at this term."""
        return FilterError(self.text, self.start, self.end, problem, hint)

    def parts(self) -> Iterator[str]:
        """The alternatives between commas; none may be empty."""
        for start, end in zip((0, *(cut + 1 for cut in self.cuts)), (*self.cuts, len(self.value)), strict=True):
            if start == end:
                raise self.wrong(f"{self.key}: an alternative is empty")
            yield self.value[start:end]


def split(text: str) -> list[Term]:
    """The terms of `text`.

    Raises:
        FilterError: a quote that nobody closes, or a key without a value.
    """
    terms, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        term = _term(text, at)
        terms.append(term)
        at = term.end
    return terms


def _term(text: str, start: int) -> Term:
    found = _KEY.match(text, start)
    key = found[0] if found else None
    if key is not None:  # an argument is named as its job names it
        key = f"arg.{key[4:]}" if key[:4].lower() == "arg." else key.lower()
    at = found.end() + 1 if found else start
    value, cuts = "", []
    while at < len(text) and not text[at].isspace():
        if text[at] == '"':
            close = text.find('"', at + 1)
            if close < 0:
                raise FilterError(text, at, len(text), "this quote is not closed")
            value, at = value + text[at + 1 : close], close + 1
            continue
        if text[at] == ",":
            cuts.append(len(value))
        value, at = value + text[at], at + 1
    term = Term(text=text, start=start, end=at, key=key, value=value, cuts=tuple(cuts))
    if key is None and _NOT.match(text, start):
        hint = "name what is wanted, state:queued,running; quotes make it a word"
        raise term.wrong("there is no leaving out", hint)
    if not value:
        raise term.wrong(f"{key}: has no value" if key else "an empty word finds everything")
    if _UNSTORABLE.search(value):
        raise term.wrong("holds a NUL character or half of a surrogate pair, which no run can hold")
    return term


def known(term: Term, keys: Iterable[str]) -> None:
    """Nothing, for a key of `keys`.

    Raises:
        FilterError: with the nearest one.
    """
    if term.key in (names := tuple(keys)):
        return
    near = get_close_matches(str(term.key), names, n=1)
    hint = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(names)}; text with a colon stands in quotes"
    raise term.wrong(f'unknown key "{term.key}"', hint)


def choices(term: Term, value: str, allowed: Iterable[str]) -> str:
    """`value`, when it is one of `allowed`."""
    if value in (names := tuple(allowed)):
        return value
    near = get_close_matches(value, names, n=1)
    hint = f'did you mean "{near[0]}"?' if near else f"one of {', '.join(names)}"
    raise term.wrong(f'{term.key}: unknown {term.key} "{value[:60]}"', hint)


def comparison(term: Term, read: Callable[[Term, str], N]) -> tuple[str, N]:
    """(sign, value) of `>5s`; no sign is `=`."""
    found = _SIGN.fullmatch(term.value)
    assert found is not None
    return found[1] or "=", read(term, found[2])


def number(term: Term, value: str) -> int:
    """A whole number that Postgres has room for."""
    if not (value.isascii() and value.isdecimal()) or int(value[:20]) > LARGEST:
        raise term.wrong(f"{term.key}: {value[:40]!r} is no whole number", f"write {term.key}:2")
    return int(value)


def seconds(term: Term, value: str) -> float:
    """A length of time, in seconds."""
    return _length(term, value).total_seconds()


def moment(term: Term) -> timedelta | datetime:
    """How long ago, or an instant with its offset; a date alone is its midnight in UTC."""
    if re.match(r"[0-9]{4}-", term.value):
        try:
            instant = datetime.fromisoformat(term.value)
            return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            hint = "write 2026-12-01 or 2026-12-01T08:00Z"
            raise term.wrong(f"{term.key}: {term.value[:40]!r} is no date", hint) from None
    return _length(term, term.value)


def _length(term: Term, value: str) -> timedelta:
    try:
        return parse_duration(value)
    except ValueError as error:
        raise term.wrong(f"{term.key}: {error}") from None
