"""Positions against tomllib: every path is known, and the text at its place is its value."""

from __future__ import annotations

import math
import random
import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from jobd.config.positions import DEEPEST, Path, Place, Positions, TooDeep

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r"), max_size=12)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.datetimes().map(lambda instant: instant.replace(microsecond=0)),
    st.dates(),
    st.times().map(lambda instant: instant.replace(microsecond=0)),
    TEXT,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(TEXT, VALUES, max_size=5)


def paths(value: Any, above: Path = ()) -> dict[Path, Any]:
    found: dict[Path, Any] = {above: value} if above else {}
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        found |= paths(item, (*above, name))
    return found


def same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return bool(left == right) and type(left) is type(right)


def agrees(text: str) -> None:
    """Every path of the document has a place, no other has, and what is written there reads as the value."""
    data, positions = tomllib.loads(text), Positions(text)
    expected = paths(data)
    assert set(expected) == set(positions.keys) | set(positions.values)
    for path, span in positions.values.items():
        written = positions.text[span.start : span.end]
        assert same(tomllib.loads(f"value = {written}")["value"], expected[path]), (path, written)
    for path, span in positions.keys.items():
        written = positions.text[span.start : span.end]
        name = path[-1] if isinstance(path[-1], str) else path[-2]
        assert tomllib.loads(f"{written} = 0") == {name: 0}


class Writer:
    """Writes a document in one of the many ways that TOML has, chosen by `random`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def document(self, data: dict[str, Any]) -> str:
        lines: list[str] = []
        self.table(lines, data, ())
        return self.random.choice(["\n", "\r\n"]).join(lines) + self.random.choice(["", "\n", "  # end"])

    def table(self, lines: list[str], data: dict[str, Any], above: tuple[str, ...]) -> None:
        later: list[tuple[str, Any]] = []
        for name, value in data.items():
            if (self.is_table(value) or self.is_tables(value)) and self.random.random() < 0.6:
                later.append((name, value))
                continue
            self.noise(lines)
            if self.is_table(value) and value and self.random.random() < 0.5:
                self.flat(lines, (name,), value)
            else:
                lines.append(
                    f"{self.indent()}{self.key((name,))}{self.gap()}={self.gap()}{self.value(value)}{self.tail()}"
                )
        for name, value in later:
            self.noise(lines)
            path = (*above, name)
            for one in value if self.is_tables(value) else [value]:
                brackets = ("[[", "]]") if self.is_tables(value) else ("[", "]")
                lines.append(
                    f"{self.indent()}{brackets[0]}{self.gap()}{self.key(path)}{self.gap()}{brackets[1]}{self.tail()}"
                )
                self.table(lines, one, path)

    def flat(self, lines: list[str], above: tuple[str, ...], data: dict[str, Any]) -> None:
        for name, value in data.items():
            if self.is_table(value) and value:
                self.flat(lines, (*above, name), value)
            else:
                lines.append(f"{self.key((*above, name))} = {self.value(value)}{self.tail()}")

    def is_table(self, value: Any) -> bool:
        return isinstance(value, dict)

    def is_tables(self, value: Any) -> bool:
        return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)

    def noise(self, lines: list[str]) -> None:
        if self.random.random() < 0.3:
            lines.append(self.random.choice(["", "\t ", '# a = 1 [x] "', "  # ''' not a string"]))

    def indent(self) -> str:
        return self.random.choice(["", "", "  ", "\t"])

    def gap(self) -> str:
        return self.random.choice(["", " ", "\t", "  "])

    def tail(self) -> str:
        return self.random.choice(["", "", " ", ' # ]} = "x'])

    def key(self, path: tuple[str, ...]) -> str:
        return self.random.choice([".", " . ", "\t."]).join(self.name(name) for name in path)

    def name(self, name: str) -> str:
        if name and all(c.isascii() and (c.isalnum() or c in "_-") for c in name) and self.random.random() < 0.8:
            return name
        return self.literal(name) or self.basic(name)

    def literal(self, text: str) -> str | None:
        fits = "'" not in text and all(c.isprintable() or c == "\t" for c in text)
        return f"'{text}'" if fits and self.random.random() < 0.5 else None

    def basic(self, text: str) -> str:
        return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text) + '"'

    def value(self, value: Any) -> str:
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, list):
            space = self.random.choice(["", " ", "\n", "\n  # [,]\n"])
            items = "".join(f"{space}{self.value(one)}{space}," for one in value)
            return f"[{items.rstrip(',') if self.random.random() < 0.5 else items}{space}]"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self.name(name)} = {self.value(one)}" for name, one in value.items()) + "}"
        return tomli_w.dumps({"v": value}).removeprefix("v = ").strip()

    def string(self, text: str) -> str:
        if self.random.random() < 0.3:
            before = self.random.choice(["", "\n"])
            after = self.random.choice(["", "\\\n  "])
            return f'"""{before}{self.basic(text)[1:-1]}{after}"""'
        return self.literal(text) or self.basic(text)


@given(DOCUMENTS)
@settings(max_examples=150, deadline=None)
def test_every_value_of_a_written_document_is_found_where_it_stands(data: dict[str, Any]) -> None:
    agrees(tomli_w.dumps(data))


@given(DOCUMENTS, st.integers(0, 2**32))
@settings(max_examples=400, deadline=None)
def test_every_way_of_writing_is_understood(data: dict[str, Any], seed: int) -> None:
    text = Writer(seed).document(data)
    assert tomllib.loads(text) == data
    agrees(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "a.b.c = 1\na.b.d = 2",
        "[a.b]\nc = 1\n[a]\nd = 2",
        "[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\nc = 2\n[[a]]\n[a.b]\nc = 3",
        '"a b"."" = 1\n\'c.d\' = 2',
        'a = """two quotes end it"""""',
        "a = '''''one'''''",
        'a = """\\\n   joined \\"\\"" """',
        "a = 1979-05-27 07:32:00 # with a space\nb = 07:32:00",
        "a = [[1, 2], [], [[]], {b = {c = [{}]}}]",
        "a = [ # one\n 1, # two\n]\r\nb = 2",
        "a = inf\nb = -nan\nc = 0xdead_beef\nd = 1e6",
        "fruit.apple.smooth = true\nfruit.orange = 2\n[fruit2.apple.taste]\nsweet = true",
    ],
)
def test_the_corners_of_the_specification(text: str) -> None:
    agrees(text)


def test_lines_and_columns_count_characters_from_one() -> None:
    positions = Positions('"ä" = "ö"\r\n[t]\r\n  "é" = [1,\n  "ü", 3]\n')
    assert positions.key(("ä",)) == Place(1, 1)
    assert positions.value(("ä",)) == Place(1, 7)
    assert positions.key(("t",)) == Place(2, 2)
    assert positions.value(("t", "é")) == Place(3, 9)
    assert positions.value(("t", "é", 2)) == Place(4, 8)
    assert positions.key(("t", "absent")) is None


def test_a_table_is_where_its_own_header_is() -> None:
    positions = Positions("[a.b]\nc = 1\n[a]\nd = 2\n")
    assert positions.key(("a",)) == Place(3, 2)
    assert positions.key(("a", "b")) == Place(1, 4)


def test_a_place_inside_a_string_counts_from_its_first_character() -> None:
    positions = Positions('a = "0 25 * * *"\nb = "\\t0 25"\nc = """0 25"""')
    assert positions.nearest(("a",), inside=3) == Place(1, 8)
    assert positions.nearest(("b",), inside=3) == Place(2, 5)
    assert positions.nearest(("c",), inside=3) == Place(3, 5)


@pytest.mark.parametrize("deep", ["a" + ".a" * DEEPEST + " = 1", "a = " + "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)])
def test_more_levels_than_anybody_writes_are_refused(deep: str) -> None:
    tomllib.loads(deep)
    with pytest.raises(TooDeep):
        Positions(deep)
