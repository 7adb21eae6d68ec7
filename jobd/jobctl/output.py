"""What is printed: a table for people, JSON for programs, ids for pipes. Data on stdout, words about it on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence

from jobd.jobctl.failures import Failure
from jobd.model.display import display_safe
from jobd.pipes import left_by_reader

TYPE_CHECKING = False
if TYPE_CHECKING:  # not at run time: typing would be a twentieth of the time that jobctl takes to start
    from typing import Any, TextIO

    Row = dict[str, Any]
else:
    Row = dict

FORMATS = ("table", "wide", "json", "jsonl", "csv", "id")
WHOLE = ("table", "wide", "json", "jsonl")
"""For one thing that is neither a row nor has an id; a verb and an action say so in `forms`."""
PRINTED = ("table", "json", "jsonl")
"""For what has no columns either."""


class Column:
    """One column of a table; `wide` ones are shown with `-o wide` only."""

    __slots__ = ("right", "text", "title", "wide")

    def __init__(
        self, title: str, text: Callable[[Row], object] | str, *, wide: bool = False, right: bool = False
    ) -> None:
        self.title, self.wide, self.right = title, wide, right
        self.text = _field(text) if isinstance(text, str) else text


class Output:
    """Where results go, in the form that was asked for."""

    def __init__(self, form: str = "table", stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self.form, self.quiet = form, quiet
        self._stream = stream or sys.stdout

    @property
    def for_programs(self) -> bool:
        """True when results and errors are JSON."""
        return self.form in ("json", "jsonl")

    def rows(self, rows: Sequence[Row], columns: Sequence[Column], *, key: str = "name") -> None:
        """A list; empty, it is `[]` to programs and a word on stderr to people."""
        match self.form:
            case "json":
                self._print(as_json(list(rows)))
            case "jsonl":
                for row in rows:
                    self._print(as_json(row, indent=None))
            case "id":
                for row in rows:
                    self._print(display_safe(str(row[key])))
            case "csv":
                self._print(",".join(_csv(column.title.lower().replace(" ", "_")) for column in columns))
                for row in rows:
                    self._print(",".join(_csv(_cell(column.text(row))) for column in columns))
            case form:
                self.table(rows, [column for column in columns if form == "wide" or not column.wide])

    def one(self, value: Row, lines: Callable[[Row], Sequence[str]], *, key: str = "name") -> None:
        """One thing; `lines` says it to people and has made its data safe."""
        match self.form:
            case "json":
                self._print(as_json(value))
            case "jsonl":
                self._print(as_json(value, indent=None))
            case "id":
                self._print(display_safe(str(value[key])))
            case "csv":
                self._print(",".join(_csv(name) for name in value))
                self._print(",".join(_csv(_value(field)) for field in value.values()))
            case _:
                for line in lines(value):
                    self._print(line)

    def table(self, rows: Sequence[Row], columns: Sequence[Column]) -> None:
        """Aligned cells under their titles; on a terminal, lines end at its edge."""
        if not rows:
            self.note("nothing to show")
            return
        cells = [[_cell(column.text(row)) for column in columns] for row in rows]
        widths = [max(len(c.title), *(len(row[i]) for row in cells)) for i, c in enumerate(columns)]
        edge = self._edge()
        for row in [[column.title for column in columns], *cells]:
            padded = [
                text.rjust(width) if column.right else text.ljust(width)
                for text, width, column in zip(row, widths, columns, strict=True)
            ]
            line = "  ".join(padded).rstrip()
            self._print(line if edge is None or len(line) <= edge else line[: edge - 1] + "…")

    def text(self, line: str) -> None:
        """A line for people, already safe."""
        self._print(line)

    def flush(self) -> None:
        """What was printed goes out now: somebody follows.

        Raises:
            BrokenPipeError: nobody does any more.
        """
        self._stream.flush()
        if left_by_reader(self._stream):
            raise BrokenPipeError

    def note(self, words: str) -> None:
        """A word about the result, for people at a terminal only."""
        if not self.for_programs and not self.quiet and sys.stderr.isatty():
            print(display_safe(words), file=sys.stderr)

    def failure(self, failure: Failure) -> None:
        """Why it did not work, on stderr."""
        if self.for_programs:
            error = {"code": failure.code, "message": failure.message, "hint": failure.hint}
            print(as_json({"error": error}, indent=None), file=sys.stderr)
            return
        hint = f" ({display_safe(failure.hint)})" if failure.hint else ""
        print(f"jobctl: {display_safe(failure.message)}{hint}", file=sys.stderr)

    def _edge(self) -> int | None:
        if self.form == "wide" or not self._stream.isatty():
            return None
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or None
        except OSError:
            return None

    def _print(self, line: str) -> None:
        print(line, file=self._stream)


def as_json(value: object, indent: int | None = 2) -> str:
    """JSON in plain ASCII: exact for a program, and harmless on a terminal."""
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def first_line(text: str | None) -> str:
    """The first line of an error, for a cell."""
    return (text or "").strip().partition("\n")[0]


def _csv(text: str) -> str:
    """A cell of comma-separated values; "-", which stands for nothing, is empty."""
    if text == "-":
        return ""
    if text[:1] in "=+@":  # a spreadsheet would take it for a formula
        text = f"'{text}"
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if any(mark in text for mark in ',"') else text


def _value(field: object) -> str:
    """A field of one thing, for comma-separated values; what is made of parts stays JSON."""
    return as_json(field, indent=None) if isinstance(field, dict | list) else _cell(field)


def _field(name: str) -> Callable[[Row], object]:
    return lambda row: row[name]


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return display_safe(str(value), limit=500)
