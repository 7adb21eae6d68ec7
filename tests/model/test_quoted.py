"""What an error quotes of masked arguments, and what it may go on saying."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobd.model.privacy import MASKED, Mask
from jobd.model.quoted import MOST_WORK, unquoted
from jobd.model.spellings import SHORTEST

ARGS = {"password": "hunter2-x", "user": "ada", "card": {"pan": 4111111111111111, "cvc": "123"}, "n": 7}
ODD = "a'b\"c\\d\né\u202e"


def quoted(text: str, args: Any = ARGS, *paths: str) -> str:
    return unquoted(text, Mask(paths or ["args.password", "args.card", "args.user"]), json.dumps(args))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cannot log in with hunter2-x", "cannot log in with ********"),
        ("KeyError: 'hunter2-x' (hunter2-x)", "KeyError: '********' (********)"),
        ("card 4111111111111111 refused", "card ******** refused"),
        ("ada, 123 and 7 are too short to be told from other words", None),
        ("hunter2 is another one", None),
    ],
)
def test_a_masked_value_is_hidden_wherever_it_is_quoted(text: str, said: str | None) -> None:
    assert quoted(text) == (said or text)


def test_it_is_found_as_python_and_json_write_it() -> None:
    written = [json.dumps(ODD), json.dumps(ODD, ensure_ascii=False), json.dumps({"a": [ODD]})]
    for form in (ODD, repr(ODD), repr([ODD]), *written):
        assert "a'b" not in quoted(form, {"x": ODD}, "args.x") and "é" not in quoted(form, {"x": ODD}, "args.x")


def test_the_longer_of_two_goes_first() -> None:
    assert quoted("secret-long, secret", {"a": "secret", "b": "secret-long"}, "args") == "********, ********"


def test_every_text_in_what_is_masked_counts_and_nothing_beside_it() -> None:
    args = {"rows": [{"iban": "DE00-1", "city": "Cairo"}, {"iban": "DE00-2", "city": "Qena"}], "all": {"x": ["deep"]}}
    text = "DE00-1 DE00-2 Cairo Qena deep rows iban"
    assert quoted(text, args, "args.rows.iban", "args.all") == f"{MASKED} {MASKED} Cairo Qena {MASKED} rows iban"


def test_where_nothing_is_masked_nothing_is_looked_for() -> None:
    assert unquoted("text", Mask(["result.x"]), "no JSON") == "text"
    assert unquoted("text", Mask(["args"]), None) == "text"


def test_what_cannot_be_looked_for_is_masked_as_a_whole() -> None:
    mask = Mask(["args.x"])
    assert unquoted("text", mask, '{"x": ' + "9" * 5000 + "}") == MASKED
    assert unquoted("text", mask, '{"x": ' + "[" * 100_000 + "]" * 100_000 + "}") == MASKED
    many = json.dumps({"x": [f"value {number}" for number in range(1000)]})
    assert unquoted("x" * (MOST_WORK // 1000), mask, many) != MASKED
    assert unquoted("x" * (MOST_WORK // 1000 + 1), mask, many) == MASKED


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=SHORTEST).filter(lambda text: text.strip("*")))
def test_no_text_gets_through(value: str) -> None:
    for form in (value, repr(value), json.dumps(value)):
        told = quoted(f"<{form}>", {"x": value}, "args.x")
        assert told.replace("<", "").replace(">", "").strip("'\"") == MASKED
