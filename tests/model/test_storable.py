"""What Postgres cannot keep is refused with its place on the way in, and mended on the way out."""

from __future__ import annotations

import enum
import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobd.errors import ArgumentsRefused
from jobd.model.storable import ARGS_LIMIT, storable, storable_result, storable_text

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": {"b": ["x", "y\x00"]}}, r"args\.a\.b\[1\]: holds the character NUL at character 1"),
        ({"a": "\ud800"}, r"args\.a: holds half of a surrogate pair"),
        ({"\x00": 1}, r"args, a key: holds the character NUL"),
        ({"a": float("nan")}, r"args\.a: nan is not a number in JSON"),
        ({"a": [float("-inf")]}, r"args\.a\[0\]: -inf"),
        ({1: 2}, "a key is a int"),
        ({"a": object()}, r"args\.a: a object is no JSON"),
        ({"a": datetime(2026, 1, 1)}, "a datetime is no JSON"),  # noqa: DTZ001
        ({"a": b"x"}, "a bytes is no JSON"),
        ({"a": nested(100)}, "nested deeper than 100"),
        ({"a": "x" * ARGS_LIMIT}, "1,048,584 bytes as JSON, and 1,048,576 is the limit"),
        ({"a": "é" * (ARGS_LIMIT // 2)}, "is the limit"),
        ({"a": 10**5000}, "digits"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_place(value: object, words: str):
    with pytest.raises(ArgumentsRefused, match=words):
        storable(value)


def test_a_value_that_holds_itself_is_refused():
    loop: dict[str, Any] = {}
    loop["me"] = loop
    with pytest.raises(ArgumentsRefused, match="nested deeper"):
        storable(loop)
    assert "nested deeper" in storable_result(loop)


def test_a_message_about_a_hostile_place_stays_short_and_printable():
    with pytest.raises(ArgumentsRefused) as refused:
        storable({"x" * 100_000 + "\ud800": {"\x00": 1}})
    assert len(str(refused.value)) < 300
    str(refused.value).encode()


@given(ANYTHING)
def test_a_result_is_always_kept_somehow(value: Any):
    text = storable_result(value)
    assert "\\u0000" not in text and "\x00" not in text
    text.encode()
    json.loads(text, parse_constant=lambda constant: pytest.fail(constant))


@given(ANYTHING)
def test_what_is_let_through_comes_back_as_it_was(value: Any):
    try:
        text = storable(value)
    except ArgumentsRefused:
        return
    assert json.loads(text) == value


def test_results_are_mended_where_arguments_are_refused():
    class Colour(enum.StrEnum):
        RED = "red"

    assert json.loads(storable_result({"out": "a\x00b\udc80", "c": Colour.RED})) == {"out": "a␀b\ufffd", "c": "red"}
    assert json.loads(storable_result(float("nan"))) == {"not_stored": "result: nan is not a number in JSON"}
    assert "limit" in json.loads(storable_result("x" * 2_000_000))["not_stored"]


@given(st.text(st.characters(), max_size=500), st.integers(60, 400))
def test_texts_fit_their_limit_in_bytes_and_say_when_they_were_cut(text: str, limit: int):
    kept = storable_text(text, limit)
    assert len(kept.encode()) <= limit
    assert "\x00" not in kept
    if len(storable_text(text).encode()) <= limit:
        assert kept == storable_text(text)
    else:
        assert kept.endswith("more bytes]")
