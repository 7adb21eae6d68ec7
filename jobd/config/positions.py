"""Where each key and value of a TOML text stands; tomllib says what they are and not where.

The text must have passed tomllib: nothing is checked twice here. Paths are tuples of names and, inside
arrays, of numbers: `("jobs", "backup", "command", 0)`.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

Path = tuple[str | int, ...]

DEEPEST = 64
"""More levels than that are refused: nobody writes them, and everything after this walks recursively."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_SCALAR = re.compile(r"[^,\]}#\n]*[^,\]}#\n \t]")
_STRINGS = {
    '"""': re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"""(?:"{0,2})', re.DOTALL),
    "'''": re.compile(r"'''(?:[^']|'(?!''))*'''(?:'{0,2})", re.DOTALL),
    '"': re.compile(r'"(?:[^"\\]|\\.)*"'),
    "'": re.compile(r"'[^']*'"),
}


class TooDeep(ValueError):
    """Tables or arrays are nested deeper than `DEEPEST`."""


@dataclass(frozen=True, slots=True)
class Place:
    """The first character of something, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]`."""

    start: int
    end: int


class Positions:
    """The spans of all keys and values of one text, by path."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")  # as tomllib does before it counts
        self.keys: dict[Path, Span] = {}
        self.values: dict[Path, Span] = {}
        """Written values only: a table that stands under a header has none."""
        self._line_starts = [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))]
        _Scan(self).document()

    def key(self, path: Path) -> Place | None:
        """Where the last name of `path` is written first; None when it is not in this text."""
        return self._place(self.keys.get(path) or self.values.get(path))

    def value(self, path: Path) -> Place | None:
        """Where the value of `path` begins, for a table its name; None when it is not in this text."""
        return self._place(self.values.get(path) or self.keys.get(path))

    def nearest(self, path: Path, *, at_key: bool = False, inside: int = 0) -> Place:
        """Where `path` is written, or what it is part of: its value, or its name with `at_key`.

        `inside` is a column from 1 within a string; it counts only where the text shows the string as it is.
        """
        while path and path not in self.keys and path not in self.values:
            path, inside = path[:-1], 0
        place = self.key(path) if at_key else self.value(path)
        if place is None:
            return Place(1, 1)
        plain = path in self.values and self._is_plain(self.values[path])
        return Place(place.line, place.column + inside) if plain else place

    def _is_plain(self, span: Span) -> bool:
        written = self.text[span.start : span.end]
        return written[:1] in ('"', "'") and written[:3] not in _STRINGS and "\\" not in written

    def _place(self, span: Span | None) -> Place | None:
        if span is None:
            return None
        line = bisect_right(self._line_starts, span.start)
        return Place(line, span.start - self._line_starts[line - 1] + 1)


class _Scan:
    """One pass over the text, filling a `Positions`."""

    def __init__(self, found: Positions) -> None:
        self.text, self.found, self.at = found.text, found, 0
        self.lengths: dict[Path, int] = {}
        """Arrays of tables, with how many elements they have so far."""

    def document(self) -> None:
        table: Path = ()
        while self.pass_over(_BLANK) < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)

    def pass_over(self, pattern: re.Pattern[str]) -> int:
        if match := pattern.match(self.text, self.at):
            self.at = match.end()
        return self.at

    def header(self) -> Path:
        """`[a.b]` or `[[a.b]]`; the path that the following pairs belong to."""
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        path: Path = ()
        keys = list(self.dotted())
        for number, (name, span) in enumerate(keys, start=1):
            path = (*path, name)
            last = number == len(keys)
            self.note_key(path, span, explicit=last and not array)
            if last and array:
                self.lengths[path] = self.lengths.get(path, 0) + 1
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
                self.note_key(path, span, explicit=last)
        self.at += 2 if array else 1
        return path

    def pair(self, table: Path) -> None:
        path = table
        for name, span in self.dotted():
            path = (*path, name)
            self.note_key(path, span)
        self.at += 1  # the equals sign
        self.pass_over(_SPACE)
        self.value(path)

    def dotted(self) -> Iterator[tuple[str, Span]]:
        """The names of a key, each with its span; leaves `at` on what follows them."""
        while True:
            self.pass_over(_SPACE)
            start = self.at
            quote = self.text[start]
            self.pass_over(_STRINGS.get(quote, _BARE_KEY))
            yield self.name(start), Span(start, self.at)
            self.pass_over(_SPACE)
            if self.text[self.at] != ".":
                return
            self.at += 1

    def name(self, start: int) -> str:
        written = self.text[start : self.at]
        return str(tomllib.loads(f"key = {written}")["key"]) if written[0] in "\"'" else written

    def note_key(self, path: Path, span: Span, *, explicit: bool = False) -> None:
        if len(path) > DEEPEST:
            raise TooDeep(f"nested deeper than {DEEPEST} levels")
        if explicit or path not in self.found.keys:
            self.found.keys[path] = span

    def value(self, path: Path) -> None:
        """Notes the value at `at`, with all that is inside it, and leaves `at` behind it."""
        if len(path) > DEEPEST:
            raise TooDeep(f"nested deeper than {DEEPEST} levels")
        start = self.at
        match self.text[start]:
            case "[":
                self.array(path)
            case "{":
                self.inline_table(path)
            case '"' | "'" as quote:
                self.pass_over(_STRINGS.get(self.text[start : start + 3]) or _STRINGS[quote])
            case _:
                self.pass_over(_SCALAR)
        self.found.values[path] = Span(start, self.at)

    def array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self.text[self.pass_over(_BLANK)] != "]":
            self.value((*path, index))
            index += 1
            self.comma()
        self.at += 1

    def inline_table(self, path: Path) -> None:
        self.at += 1
        while self.text[self.pass_over(_BLANK)] != "}":
            self.pair(path)
            self.comma()
        self.at += 1

    def comma(self) -> None:
        if self.text[self.pass_over(_BLANK)] == ",":
            self.at += 1
