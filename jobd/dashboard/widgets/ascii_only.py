"""Nothing but ASCII leaves for the terminal, whatever jobs and people wrote: what has no letter there is a `?`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from unicodedata import normalize

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

ALIKE = str.maketrans("…·–—−‘’“”«»×→←↑↓│─", "~.---''\"\"<>x><^v|-")
"""One column for one column."""


class AsciiOnly(LineFilter):
    """The last filter of a line; every character keeps its width."""

    def apply(self, segments: Iterable[Segment], background: Color) -> list[Segment]:
        return [
            one if one.control or one.text.isascii() else Segment(plain(one.text), one.style, one.control)
            for one in segments
        ]


def plain(text: str) -> str:
    """A text as wide as it was; `é` is an `e`."""
    return "".join(map(_plain, text.translate(ALIKE)))


@lru_cache(4096)
def _plain(character: str) -> str:
    width = cell_len(character)
    letters = normalize("NFKD", character).encode("ascii", "ignore").decode()
    return letters if len(letters) == width and letters.isprintable() else "?" * width
